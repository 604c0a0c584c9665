"""Checkpoints of Qwen3-TTS's tokenizer: a folder of its own, or `speech_tokenizer` in a model's.

    encoder.…     transformers' Mimi without its decoder; of its 32 levels 16 are used
    decoder.…     as its package `qwen-tts` names it, with codebooks of its own

config.json says beside them what no shape shows. Both sides store the sums and the counts of a
codebook's learning, as Mimi does. The projections into the decoder's codebooks are left out: codes
are searched for in the encoder's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from vocable.codecs.keys import mimi, seanet, steps
from vocable.codecs.keys.change import pointwise, transposed, transposed_patch
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form, all_equal, hub_files
from vocable.codecs.keys.seanet import Shapes
from vocable.codecs.qwen3_tts import qwen3_tts_12hz
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.weights import Row

_TRUNK = "decoder.pre_transformer."
_MARKS = (_TRUNK + "input_proj.weight", "decoder.decoder.0.conv.weight", "downsample.conv.weight")


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which tokenizer a checkpoint is, or None if it is of another family.

    Raises ModelError for the language model that uses it, for one whose config and weights
    disagree, and for one of no published size without its config.
    """
    if checkpoint.config.get("model_type") == "qwen3_tts":
        raise ModelError(
            "it is the language model of Qwen3-TTS, which vocable does not read; its codec is the "
            "folder speech_tokenizer beside it"
        )
    shapes = {_named(key): shape for key, shape in checkpoint.shapes.items()}
    if not all(mark in shapes for mark in _MARKS):
        return None
    with seanet.refusing("weights of such shapes make no tokenizer of Qwen3-TTS"):
        sizes = _sizes(shapes)
    if checkpoint.config:
        with seanet.refusing("config.json does not describe a tokenizer of Qwen3-TTS"):
            config = sizes | _stated(checkpoint.config, shapes, sizes)
    else:
        config = _published(sizes)
    published = asdict(qwen3_tts_12hz())
    name = "qwen3_tts_12hz" if published == published | config else "qwen3-tts"
    return Recognised(name, "qwen-tts", "qwen3-tts", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.qwen3_tts`."""
    return steps.read(_steps(recognised.config), checkpoint.tensors())


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    acoustic = len(config["sizes"]) - config["semantic"]
    unused = rf"{re.escape(mimi.VQ.format('acoustic'))}layers\.(?!(?:{_any(range(acoustic))})\.).*"
    return [
        steps.Names(_named, _BACK),
        steps.Aside(unused, steps.nothing),  # levels of the encoder that the codec does not use
        steps.Aside(r"decoder\.quantizer\.\w+\.input_proj\.weight", _projections),
        mimi.MAPS,
        steps.Stacked((".mlp.gate_proj.weight", ".mlp.up_proj.weight"), ".mlp.gated.weight"),
        *mimi.BOOKS,
        steps.Table((*mimi.encoder_rows(config), *_rows())),
    ]


def _any(numbers: Iterable[int]) -> str:
    return "|".join(map(str, numbers))


def _projections(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return zeros for the maps into the decoder's codebooks, in which nothing is searched."""
    found = {}
    for key, value in tensors.items():
        if re.fullmatch(r"decoder\.quantizer\.\w+\.output_proj\.weight", key):
            name = key.replace("output_proj", "input_proj")
            found[name] = torch.zeros_like(value).transpose(0, 1).contiguous()
    return found


def _named(key: str) -> str:
    """Return the key of an encoder as in transformers' Mimi; both quantizers alike."""
    side, _, rest = key.partition(".")
    if side == "encoder":
        return mimi.as_in_transformers(rest)
    return f"decoder.{mimi.as_in_transformers(rest)}" if rest.startswith("quantizer.") else key


# ---- tensors ------------------------------------------------------------------------------------


def _rows() -> list[Row]:
    """Return what becomes of the keys of the decoder."""
    up, step = r"decoder\.upsample\.(\d+)", r"decoder\.decoder\.(\d+)"
    own_up, own_step = r"decoder.blocks.2.blocks.\1.blocks", r"decoder.blocks.3.blocks.\1"
    unit, own_unit = step + r"\.block\.(\d+)\.", own_step + r".blocks.\2.branch.blocks."
    table = [
        Row(r"decoder\.pre_conv\.conv\.(weight|bias)", r"decoder.blocks.0.\1"),
        *_of_trunk(),
        Row(up + r"\.0\.conv\.weight", own_up + ".0.weight", transposed_patch),
        Row(up + r"\.0\.conv\.bias", own_up + ".0.bias"),
        Row(up + r"\.1\.dwconv\.conv\.(weight|bias)", own_up + r".1.branch.blocks.0.\2"),
        Row(up + r"\.1\.norm\.(weight|bias)", own_up + r".1.branch.blocks.1.\2"),
        Row(up + r"\.1\.pwconv1\.(weight|bias)", own_up + r".1.branch.blocks.2.\2"),
        Row(up + r"\.1\.pwconv2\.(weight|bias)", own_up + r".1.branch.blocks.4.\2"),
        Row(up + r"\.1\.gamma", own_up + ".1.branch.blocks.5.weight"),
        Row(step + r"\.conv\.(weight|bias)", own_step + r".\2"),
        Row(step + r"\.(alpha|beta)", own_step + r".\2"),
        Row(step + r"\.block\.0\.(alpha|beta)", own_step + r".blocks.0.\2"),
        Row(step + r"\.block\.1\.conv\.weight", own_step + ".blocks.1.weight", transposed),
        Row(step + r"\.block\.1\.conv\.bias", own_step + ".blocks.1.bias"),
        Row(unit + r"act1\.(alpha|beta)", own_unit + r"0.\3"),
        Row(unit + r"conv1\.conv\.(weight|bias)", own_unit + r"1.\3"),
        Row(unit + r"act2\.(alpha|beta)", own_unit + r"2.\3"),
        Row(unit + r"conv2\.conv\.weight", own_unit + "3.weight", pointwise),
        Row(unit + r"conv2\.conv\.bias", own_unit + "3.bias"),
    ]
    for number, part in enumerate(mimi.PARTS):
        vq = re.escape("decoder." + mimi.VQ.format(part))
        entries = rf"quantizer.decoding.{number}.stack.\1.codebook.entries"
        table += [
            Row(vq + r"output_proj\.weight", f"quantizer.decoding_out.{number}.weight", pointwise),
            Row(vq + r"layers\.(\d+)\.codebook\.embed", entries),
        ]
    return table


def _of_trunk() -> list[Row]:
    """Return what becomes of the keys of the decoder's transformer."""
    names = {
        r"input_layernorm\.weight": "0.branch.blocks.0.weight",
        r"self_attn\.in_proj\.weight": "0.branch.blocks.1.into.weight",
        r"self_attn\.o_proj\.weight": "0.branch.blocks.1.out.weight",
        r"self_attn_layer_scale\.scale": "0.branch.blocks.2.weight",
        r"post_attention_layernorm\.weight": "1.branch.blocks.0.weight",
        r"mlp\.gated\.weight": "1.branch.blocks.1.weight",
        r"mlp\.down_proj\.weight": "1.branch.blocks.3.weight",
        r"mlp_layer_scale\.scale": "1.branch.blocks.4.weight",
    }
    trunk = re.escape(_TRUNK)
    own = r"decoder.blocks.1.blocks.1.blocks.\1.blocks."
    return [
        Row(trunk + r"input_proj\.(weight|bias)", r"decoder.blocks.1.blocks.0.\1"),
        *(Row(trunk + r"layers\.(\d+)\." + theirs, own + ours) for theirs, ours in names.items()),
        Row(trunk + r"norm\.weight", "decoder.blocks.1.blocks.2.weight"),
        Row(trunk + r"output_proj\.(weight|bias)", r"decoder.blocks.1.blocks.3.\1"),
    ]


# ---- sizes --------------------------------------------------------------------------------------


def _sizes(shapes: Shapes) -> dict[str, Any]:
    """Return what the shapes say of a `Qwen3TTSConfig`; the levels are the decoder's."""
    found = seanet.encoder_sizes(shapes, "Qwen3-TTS") | mimi.encoder_sizes(shapes)
    vqs = [re.escape("decoder." + mimi.VQ.format(part)) for part in mimi.PARTS]
    books = [_counted(shapes, vq + r"layers\.\d+\.codebook\.embed_sum") for vq in vqs]
    if books[0] != found["semantic"] or sum(books) > len(found["sizes"]):
        raise ModelError(
            f"checkpoint has {books} levels in its decoder but {len(found['sizes'])} in its "
            f"encoder, {found['semantic']} of them semantic; fetch it again"
        )
    latent, width = shapes[_TRUNK + "input_proj.weight"][::-1]
    strides = _counted(shapes, r"decoder\.decoder\.\d+\.block\.1\.conv\.weight")
    ups = _counted(shapes, r"decoder\.upsample\.\d+\.0\.conv\.weight")
    return found | {
        "sizes": found["sizes"][: sum(books)],
        "decoder_strides": tuple(
            shapes[f"decoder.decoder.{n + 1}.block.1.conv.weight"][2] // 2 for n in range(strides)
        ),
        "upsamples": tuple(shapes[f"decoder.upsample.{n}.0.conv.weight"][2] for n in range(ups)),
        "decoder_latent": latent,
        "decoder_width": width,
        "decoder_layers": _counted(shapes, re.escape(_TRUNK) + r"layers\.\d+\.mlp\.up_proj\..*"),
        "decoder_hidden": shapes[_TRUNK + "layers.0.mlp.gate_proj.weight"][0],
        "decoder_filters": shapes["decoder.decoder.0.conv.weight"][0],
        "decoder_last_kernel": shapes[f"decoder.decoder.{strides + 2}.conv.weight"][2],
    }


def _counted(shapes: Shapes, pattern: str) -> int:
    return sum(bool(re.fullmatch(pattern, key)) for key in shapes)


# ---- what shapes do not say ---------------------------------------------------------------------


def _published(sizes: dict[str, Any]) -> dict[str, Any]:
    """Return the published config; ModelError where the weights are of other sizes."""
    config = asdict(qwen3_tts_12hz())
    if config != config | sizes:
        raise ModelError(
            "checkpoint has the keys of Qwen3-TTS's tokenizer but not the published sizes, and "
            "does not say its rate, heads and context; put its config.json beside it"
        )
    return config


def _stated(config: Mapping[str, Any], shapes: Shapes, sizes: dict[str, Any]) -> dict[str, Any]:
    """Return what config.json says beside the sizes; refuse what the weights contradict."""
    rate = config.get("input_sample_rate", 24_000)
    if type(rate) is not int or rate < 1:
        raise ModelError(
            f"config.json says input_sample_rate {str(rate)[:60]}; wanted whole Hz, from 1"
        )
    frame = math.prod(sizes["strides"]) * sizes["resample"]
    written = math.prod(sizes["decoder_strides"]) * math.prod(sizes["upsamples"])
    needed = {
        "encoder_valid_num_quantizers": len(sizes["sizes"]),
        "encode_downsample_rate": frame,
        "decode_upsample_rate": written,
        "output_sample_rate": rate * written // frame,
    }
    check_config(config, needed)
    encoder = config.get("encoder_config") or {}
    check_config(encoder, {"sampling_rate": rate})
    stored = sizes | mimi.encoder_sizes(shapes)  # with the levels that are not used
    found = mimi.stated(encoder, stored) | {"rate": rate}
    return found | _of_decoder(config.get("decoder_config") or {}, shapes, sizes)


def _of_decoder(
    config: Mapping[str, Any], shapes: Shapes, sizes: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the decoder's part of config.json says."""
    given = {key: value for key, value in config.items() if value is not None}
    heads = given.get("num_attention_heads", 16)
    head = shapes[_TRUNK + "layers.0.self_attn.q_proj.weight"][0] // heads
    needed = {
        "codebook_size": sizes["sizes"][0],
        "codebook_dim": sizes["latent"],
        "num_quantizers": len(sizes["sizes"]),
        "latent_dim": sizes["decoder_latent"],
        "hidden_size": sizes["decoder_width"],
        "num_hidden_layers": sizes["decoder_layers"],
        "intermediate_size": sizes["decoder_hidden"],
        "num_key_value_heads": heads,
        "head_dim": head,
        "upsample_rates": sizes["decoder_strides"],
        "upsampling_ratios": sizes["upsamples"],
        "decoder_dim": sizes["decoder_filters"],
        "hidden_act": "silu",
        "attention_bias": False,
        "rms_norm_eps": 1e-5,
        "rope_scaling": None,
    }
    check_config(given, needed)
    return {
        "decoder_heads": heads,
        "decoder_head": head,
        "decoder_context": given.get("sliding_window", 72),
        "decoder_base": float(given.get("rope_theta", 10_000.0)),
    }


# ---- what is written ----------------------------------------------------------------------------

_BACK: steps.Pairs = (  # what takes `_named` back
    (r"^(?!decoder\.)", "encoder."),
    (r"^(decoder\.quantizer\.)semantic_residual_vector_quantizer\.", r"\1rvq_first."),
    (r"^(decoder\.quantizer\.)acoustic_residual_vector_quantizer\.", r"\1rvq_rest."),
    (
        r"(\.rvq_\w+)\.layers\.(\d+)\.codebook\.embed_sum",
        r"\1.vq.layers.\2._codebook.embedding_sum",
    ),
    (r"(\.rvq_\w+)\.layers\.(\d+)\.codebook\.", r"\1.vq.layers.\2._codebook."),
)


def _config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config.json of the package `qwen-tts`; levels beyond those used are not there."""
    c = config
    frame = math.prod(c["strides"]) * c["resample"]
    written = math.prod(c["decoder_strides"]) * math.prod(c["upsamples"])
    return {
        "architectures": ["Qwen3TTSTokenizerV2Model"],
        "model_type": "qwen3_tts_tokenizer_12hz",
        "encoder_config": mimi.encoder_config(c),
        "decoder_config": {
            "codebook_size": all_equal(c["sizes"], "entries of a level"),
            "codebook_dim": c["latent"],
            "latent_dim": c["decoder_latent"],
            "hidden_size": c["decoder_width"],
            "num_attention_heads": c["decoder_heads"],
            "num_key_value_heads": c["decoder_heads"],
            "head_dim": c["decoder_head"],
            "intermediate_size": c["decoder_hidden"],
            "sliding_window": c["decoder_context"],
            "rope_theta": c["decoder_base"],
            "num_hidden_layers": c["decoder_layers"],
            "num_quantizers": len(c["sizes"]),
            "num_semantic_quantizers": c["semantic"],
            "upsample_rates": list(c["decoder_strides"]),
            "upsampling_ratios": list(c["upsamples"]),
            "decoder_dim": c["decoder_filters"],
        },
        "encoder_valid_num_quantizers": len(c["sizes"]),
        "encode_downsample_rate": frame,
        "decode_upsample_rate": written,
        "input_sample_rate": c["rate"],
        "output_sample_rate": c["rate"] * written // frame,
    }


FORMS = {"qwen-tts": Form(_steps, hub_files(_config))}
