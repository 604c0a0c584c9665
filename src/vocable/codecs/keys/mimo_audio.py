"""Checkpoints of MiMo-Audio-Tokenizer: a folder with config.json and model.safetensors.

    encoder.conv1, conv2, layers.N.…, layer_norm, down_sample_layer.0, down_sample_norm
    encoder.quantizer.vq.layers.N._codebook.embed       entries, and statistics beside them
    decoder.dconv1.…, layers.N.…, layer_norm, dconv2.…
    decoder.vocoder.embeddings, layers.N.…, layer_norm, head.out, head.istft.window

The config says the heads, the bounds of attention and which layer is added to the last. Later
tokenizers under the same name have other attention (`hybrid_attention`), or no decoder: they are
refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from vocable.codecs.keys import seanet, steps
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised, published_name
from vocable.codecs.keys.form import Form, hub_files
from vocable.codecs.keys.seanet import Shapes
from vocable.codecs.mimo_audio import PUBLISHED
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.signal.spectra import hann
from vocable.weights import Row

_BOOK = re.compile(r"encoder\.quantizer\.vq\.layers\.(\d+)\._codebook\.embed")
_FIRST, _SECOND = "encoder.conv1.weight", "encoder.down_sample_layer.0.weight"
_WINDOW = "decoder.vocoder.head.istft.window"
_OF_LAYER = {
    r"self_attn_layer_norm": "0.branch.blocks.0",
    r"self_attn\.q_proj": "0.branch.blocks.1.query",
    r"self_attn\.k_proj": "0.branch.blocks.1.key",
    r"self_attn\.v_proj": "0.branch.blocks.1.value",
    r"self_attn\.out_proj": "0.branch.blocks.1.out",
    r"final_layer_norm": "1.branch.blocks.0",
    r"fc1": "1.branch.blocks.1",
    r"fc2": "1.branch.blocks.3",
}
_NAMES = {
    "rate": "sampling_rate", "hop": "hop_length", "window": "nfft",
    "heads": "encoder_attention_heads", "decoder_heads": "decoder_attention_heads",
    "vocoder_heads": "vocoder_attention_heads",
}  # fmt: skip
_FIXED = {
    "stride_size": 2, "avg_pooler": 2, "kernel_size": 3, "activation_function": "gelu",
    "encoder_causal": False, "encoder_attn_window_size": (-1, -1), "hybrid_attention": False,
    "decoder_kernel_size": 3, "decoder_stride_size": 2, "decoder_causal": True,
    "decoder_attn_window_size": (-1, -1), "vocoder_padding": "same", "fmin": 0,
    "position_embedding_type": "rope", "rope_type": "default", "ln_type": "LayerNorm",
}  # fmt: skip


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which of them a checkpoint is, or None if it is of another family.

    Raises ModelError without its config.json, and where that says something else than the weights.
    """
    shapes = checkpoint.shapes
    if not (_books(shapes) and _FIRST in shapes and _SECOND in shapes):
        return None
    if not any(key.startswith("decoder.vocoder.") for key in shapes):
        raise ModelError(
            "checkpoint has the keys of MiMo-Audio-Tokenizer's encoder alone, so it does not "
            "decode; fetch the one with a decoder, XiaomiMiMo/MiMo-Audio-Tokenizer"
        )
    if not checkpoint.config:
        raise ModelError(
            "checkpoint has the keys of MiMo-Audio-Tokenizer and does not say its heads and what "
            "its attention sees; put its config.json beside it"
        )
    with seanet.refusing("config.json does not describe a MiMo-Audio-Tokenizer"):
        config = _config(checkpoint.config, shapes)
    return Recognised(published_name(PUBLISHED, config, "mimo-audio"), "mimo", "mimo-audio", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.mimo_audio`.

    Raises ModelError for a key that is not one of MiMo-Audio-Tokenizer's.
    """
    return steps.read(_steps(recognised.config), checkpoint.tensors())


# ---- keys ---------------------------------------------------------------------------------------


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    statistics = r"encoder\.quantizer\.vq\.layers\.\d+\._codebook\.(inited|cluster_size|embed_avg)"
    window = {_WINDOW: hann(config["window"])}
    return [
        steps.Aside(statistics, _statistics),
        steps.Aside(re.escape(_WINDOW), lambda _: window),
        steps.Table(tuple(_rows())),
    ]


def _statistics(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what learning would have counted, had each entry been met once."""
    found = {}
    for key, entries in tensors.items():
        if _BOOK.fullmatch(key):
            name = key.removesuffix("embed")
            found[name + "inited"] = torch.ones(1)
            found[name + "cluster_size"] = torch.ones(len(entries))
            found[name + "embed_avg"] = entries.clone()
    return found


def _rows() -> Iterator[Row]:
    both = r"\.(weight|bias)"
    for theirs, ours in {
        r"encoder\.conv1": "encoder.front.blocks.0",
        r"encoder\.conv2": "encoder.front.blocks.2",
        r"encoder\.layer_norm": "encoder.back.blocks.0",
        r"encoder\.down_sample_layer\.0": "encoder.back.blocks.1",
        r"encoder\.down_sample_norm": "encoder.back.blocks.3",
        r"decoder\.dconv1\.conv": "decoder.blocks.0",
        r"decoder\.dconv1\.norm": "decoder.blocks.0.norm",
        r"decoder\.layer_norm": "decoder.blocks.2",
        r"decoder\.dconv2\.conv": "decoder.blocks.3",
        r"decoder\.dconv2\.norm": "decoder.blocks.3.norm",
        r"decoder\.vocoder\.embeddings": "decoder.blocks.4",
        r"decoder\.vocoder\.layer_norm": "decoder.blocks.6",
        r"decoder\.vocoder\.head\.out": "decoder.blocks.7",
    }.items():
        yield Row(theirs + both, rf"{ours}.\1")
    for theirs, ours in {
        r"encoder": "encoder.layers",
        r"decoder": "decoder.blocks.1.blocks",
        r"decoder\.vocoder": "decoder.blocks.5.blocks",
    }.items():
        for name, own in _OF_LAYER.items():
            yield Row(rf"{theirs}\.layers\.(\d+)\.{name}{both}", rf"{ours}.\1.blocks.{own}.\2")
    yield Row(_BOOK.pattern, r"quantizer.stack.\1.codebook.entries")


# ---- sizes --------------------------------------------------------------------------------------


def _books(shapes: Shapes) -> list[str]:
    """Return the keys of the codebooks, in order."""
    found = {int(match[1]): key for key in shapes if (match := _BOOK.fullmatch(key))}
    return [found[number] for number in sorted(found)]


def _config(config: Mapping[str, Any], shapes: Shapes) -> dict[str, Any]:
    """Return the values of a `MiMoAudioConfig`; refuse what the weights contradict."""
    books = [shapes[key] for key in _books(shapes)]
    width, bands = shapes[_FIRST][:2]
    near = shapes["decoder.vocoder.embeddings.weight"][0]
    found: dict[str, Any] = {name: _whole(config, key) for name, key in _NAMES.items()}
    back, ahead = config["vocoder_attn_window_size"]
    found |= {
        "bands": bands,
        "width": width,
        "skip": config.get("encoder_skip_layer_id") or 0,
        "base": float(config.get("rope_theta", 10_000)),
        "vocoder_width": near,
        "vocoder_back": back,
        "vocoder_ahead": ahead,
        "sizes": tuple(size for size, _ in books),
    }
    for side, before in (("encoder", ""), ("decoder", "decoder_"), ("decoder.vocoder", "vocoder_")):
        found[f"{before}layers"] = _layers(shapes, side)
        found[f"{before}hidden"] = shapes[f"{side}.layers.0.fc1.weight"][0]
    count = len(books)
    stated = (config.get("codebook_size") or found["sizes"])[:count]  # of more levels, the first
    check_config({**config, "codebook_size": stated}, _stated(found))
    return found


def _layers(shapes: Shapes, side: str) -> int:
    pattern = re.compile(rf"{re.escape(side)}\.layers\.\d+\.fc1\.weight")
    return sum(1 for key in shapes if pattern.fullmatch(key))


def _whole(config: Mapping[str, Any], key: str) -> int:
    value = config[key]
    if type(value) is not int or value < 1:
        what = "whole Hz" if key == "sampling_rate" else "a whole number"
        raise ModelError(f"config.json says {key} {str(value)[:60]}; wanted {what}, from 1")
    return value


def _stated(c: Mapping[str, Any]) -> dict[str, Any]:
    """Return what config.json says of a tokenizer of these sizes."""
    return _FIXED | {theirs: c[ours] for ours, theirs in _NAMES.items()} | {
        "window_size": c["window"],
        "n_mels": c["bands"],
        "d_model": c["width"],
        "encoder_layers": c["layers"],
        "encoder_ffn_dim": c["hidden"],
        "encoder_skip_layer_id": c["skip"] or None,
        "decoder_layers": c["decoder_layers"],
        "decoder_ffn_dim": c["decoder_hidden"],
        "vocoder_dim": c["vocoder_width"],
        "vocoder_num_layers": c["vocoder_layers"],
        "vocoder_intermediate_dim": c["vocoder_hidden"],
        "vocoder_attn_window_size": (c["vocoder_back"], c["vocoder_ahead"]),
        "rope_theta": c["base"],
        "num_quantizers": len(c["sizes"]),
        "codebook_size": tuple(c["sizes"]),
        "fmax": None,
    }  # fmt: skip


def _files_config(c: Mapping[str, Any]) -> dict[str, Any]:
    return {"model_type": "mimo_audio_tokenizer", **_stated(c)}


FORMS = {"mimo": Form(_steps, hub_files(_files_config))}
