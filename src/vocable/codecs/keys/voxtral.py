"""Checkpoints of Voxtral's codec: what a file of Voxtral TTS has below `audio_tokenizer.`.

    decoder_blocks.{even}.conv          a convolution, weight-normed
    decoder_blocks.{odd}.layers.L.…     the layers behind it
    output_proj.conv                    the last convolution
    quantizer.semantic_codebook.…       sums and counts of the searched level, as Mimi's are
    input_proj, encoder_blocks          the encoder; its makers leave it out
    audio_token_embedding               a table of the language model, left out here

Its language model lies beside it in one file, and is not read. The sizes are the published ones
unless a config.json says others, as `multimodal` and in it `audio_tokenizer_args`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from torch import Tensor

from vocable.codecs.keys import seanet, steps
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form
from vocable.codecs.keys.fused import fused_shapes
from vocable.codecs.keys.seanet import Shapes
from vocable.codecs.voxtral import voxtral_tts
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.nn.transposed import from_torch
from vocable.weights import Row

BELOW = "audio_tokenizer."
_BOOK, _FIRST = "quantizer.semantic_codebook.embedding_sum", "decoder_blocks.0.conv.weight"
_TABLE, _INTO = "audio_token_embedding.", ".feed_forward.into.weight"
_RENAMED: steps.Pairs = (
    (r"\.semantic_codebook\.embedding_sum$", ".semantic.codebook.embed_sum"),
    (r"\.semantic_codebook\.", ".semantic.codebook."),
)
_BACK: steps.Pairs = (
    (r"\.semantic\.codebook\.embed_sum$", ".semantic_codebook.embedding_sum"),
    (r"\.semantic\.codebook\.", ".semantic_codebook."),
    ("^", BELOW),
)
_NAMES = {
    "rate": "sampling_rate", "patch": "pretransform_patch_size", "width": "dim",
    "patch_kernel": "patch_proj_kernel_size", "heads": "n_heads", "head": "head_dim",
    "hidden": "hidden_dim", "window": "attn_sliding_window_size", "norm_eps": "norm_eps",
    "size": "semantic_codebook_size", "searched": "semantic_dim",
    "steps": "acoustic_codebook_size", "rounded": "acoustic_dim",
}  # fmt: skip
_LISTS = {
    "transformer_lengths": "layers", "convs_kernels": "kernels", "convs_strides": "strides",
}  # fmt: skip
_FIXED = {
    "channels": 1, "causal": True, "qk_norm": True, "qk_norm_eps": 1e-6, "use_biases": False,
    "layer_scale": True, "half_attn_window_upon_downsampling": True,
}  # fmt: skip


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return what a checkpoint of Voxtral's codec holds, None for another's.

    Raises ModelError where weights are not of the sizes that its config says, or are published.
    """
    shapes = fused_shapes(_named(checkpoint.shapes))
    if not (_BOOK in shapes and _FIRST in shapes):
        return None
    published = asdict(voxtral_tts())
    with seanet.refusing("config.json does not describe Voxtral's codec"):
        stated = (checkpoint.config.get("multimodal") or {}).get("audio_tokenizer_args") or {}
        config = published | _stated(stated) | {"encodes": "input_proj.conv.weight" in shapes}
        _check(shapes, config)
    name = "voxtral_tts" if config == published else "voxtral"
    return Recognised(name, "mistral", "voxtral", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.voxtral`.

    Raises ModelError for a key that is not one of its codec.
    """
    found = checkpoint.tensors(below=_below(checkpoint.shapes))
    return steps.read(_steps(recognised.config), found)


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    maps = tuple(f".attention.w{part}.weight" for part in "qkv")
    return [
        steps.Names(_as_mimi, _BACK),
        steps.Aside(re.escape(_TABLE) + ".*", steps.nothing),
        steps.WeightNorm(r".*\.conv", parametrised=True),
        steps.Stacked(maps, ".attention.into.weight"),
        steps.Stacked((".feed_forward.w1.weight", ".feed_forward.w3.weight"), _INTO),
        steps.Entries(),
        steps.Table(tuple(_rows(config))),
    ]


def _as_mimi(key: str) -> str:
    """Return a key without what stands before all, the codebook's as Mimi's are called."""
    return steps.substituted(key.removeprefix(BELOW), _RENAMED)


def _below(keys: Mapping[str, Any]) -> str:
    """Return what stands before the codec's keys."""
    return BELOW if BELOW + _BOOK in keys else ""


def _named(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what belongs to the codec, by its own keys."""
    below = _below(found)
    own = {key.removeprefix(below): found[key] for key in found if key.startswith(below)}
    return {key: value for key, value in own.items() if not key.startswith(_TABLE)}


# ---- keys ---------------------------------------------------------------------------------------


def _rows(config: Mapping[str, Any]) -> Iterator[Row]:
    yield Row(r"quantizer\.semantic\.codebook\.embed", "quantizer.parts.0.stack.0.codebook.entries")
    yield Row(r"input_proj\.conv\.weight", "encoder.blocks.1.weight")
    for n in range(len(config["layers"])):
        yield from _trunk_rows(rf"encoder_blocks\.{2 * n}", f"encoder.blocks.{2 * n + 2}")
        theirs = rf"encoder_blocks\.{2 * n + 1}\.conv\.weight"
        yield Row(theirs, f"encoder.blocks.{2 * n + 3}.weight")
    strides = config["decoder_strides"]
    for n, stride in enumerate(strides):
        change = partial(from_torch, stride=stride) if n else None
        theirs = rf"decoder_blocks\.{2 * n}\.conv\.weight"
        yield Row(theirs, f"decoder.blocks.{2 * n}.weight", change)
        yield from _trunk_rows(rf"decoder_blocks\.{2 * n + 1}", f"decoder.blocks.{2 * n + 1}")
    yield Row(r"output_proj\.conv\.weight", f"decoder.blocks.{2 * len(strides)}.weight")


def _trunk_rows(theirs: str, ours: str) -> Iterator[Row]:
    """Yield what becomes of the keys of some layers."""
    names = {
        r"attention_norm\.weight": "0.branch.blocks.0.weight",
        r"attention\.into\.weight": "0.branch.blocks.1.into.weight",
        r"attention\.q_norm\.weight": "0.branch.blocks.1.query_norm.weight",
        r"attention\.k_norm\.weight": "0.branch.blocks.1.key_norm.weight",
        r"attention\.wo\.weight": "0.branch.blocks.1.out.weight",
        "attention_scale": "0.branch.blocks.2.weight",
        r"ffn_norm\.weight": "1.branch.blocks.0.weight",
        r"feed_forward\.into\.weight": "1.branch.blocks.1.weight",
        r"feed_forward\.w2\.weight": "1.branch.blocks.3.weight",
        "ffn_scale": "1.branch.blocks.4.weight",
    }
    for name, own in names.items():
        yield Row(rf"{theirs}\.layers\.(\d+)\.{name}", rf"{ours}.blocks.\1.blocks.{own}")


# ---- sizes --------------------------------------------------------------------------------------


def _check(shapes: Shapes, config: Mapping[str, Any]) -> None:
    """Refuse weights of other sizes than those that are said or published."""
    wanted = (config["width"], config["searched"] + config["rounded"], config["decoder_kernels"][0])
    books = config["size"], config["searched"]
    if (shapes[_FIRST], shapes[_BOOK]) != (wanted, books):
        raise ModelError(
            f"checkpoint has a codebook of {list(shapes[_BOOK])} and a first convolution of "
            f"{list(shapes[_FIRST])}, but Voxtral's codec {list(books)} and {list(wanted)}; for "
            "sizes of your own put a config.json with multimodal.audio_tokenizer_args beside it"
        )


def _stated(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a config says of a `VoxtralConfig`."""
    check_config(args, _FIXED)
    found = {ours: args[theirs] for ours, theirs in _NAMES.items() if theirs in args}
    for side, own in (("encoder_", ""), ("decoder_", "decoder_")):
        for theirs, ours in _LISTS.items():
            if f"{side}{theirs}_str" in args:
                numbers = args[f"{side}{theirs}_str"].split(",")
                found[own + ours] = tuple(int(number) for number in numbers)
    rate = found.get("rate", 1)
    if type(rate) is not int or rate < 1:
        raise ModelError(f"config.json says sampling_rate {str(rate)[:60]}; wanted whole Hz")
    return found


# ---- what is written ----------------------------------------------------------------------------


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the codec alone, as the file of Voxtral TTS has it beside its language model."""
    args = {theirs: config[ours] for ours, theirs in _NAMES.items()}
    for side, own in (("encoder_", ""), ("decoder_", "decoder_")):
        for theirs, ours in _LISTS.items():
            args[f"{side}{theirs}_str"] = ",".join(map(str, config[own + ours]))
    args |= _FIXED | {"n_kv_heads": config["heads"], "conv_weight_norm": True}
    about = {"multimodal": {"audio_tokenizer_args": args}}
    return {"consolidated.safetensors": tensors, "config.json": about}


FORMS = {"mistral": Form(_steps, _files)}
