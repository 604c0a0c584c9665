"""Checkpoints of FocalCodec and FocalCodec-Stream, as the package `focalcodec` writes them.

    encoder.feature_extractor.…  encoder.encoder.layers.N.…   WavLM
    compressor.layers.N.downscale.…  .focal_block.…           a layer; version 0.0.1: N.0, N.1
    decompressor.layers.N.focal_block.…  .upscale.…           likewise; .refiner.… in the stream
    decoder.backbone.…  decoder.head.…                        Vocos, or WaveNeXt in the stream

The config.json beside it says what shapes do not: heads, strides, and how far the stream sees. The
files of version 0.0.1, which the hub has of those that take whole recordings, hold WavLM's queries,
keys and values apart, and tables of the quantizer that are left out: they follow from its size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vocable.codecs.keys import steps
from vocable.codecs.keys.change import as_gates, per_row, pointwise, transposed_patch
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form, hub_files
from vocable.codecs.keys.seanet import refusing
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.units import focalcodec, focalcodec_stream
from vocable.units.keys.focalcodec_config import PARTS, package_config
from vocable.weights import Row

Shapes = Mapping[str, tuple[int, ...]]
_MARK = "compressor.layers.0.focal_block.modulation.in_proj.weight"
_CAUSAL = "compressor.layers.0.focal_block.modulation_norm.alpha"
_DOWN = "compressor.layers.{}.downscale.downscale.weight"
_UP = "decompressor.layers.{}.upscale.upscale.weight"
# version 0.0.1 -> what came after it
_RENAMED = (
    (r"^(compressor\.layers\.\d+)\.0\.", r"\1.downscale."),
    (r"^(compressor\.layers\.\d+)\.1\.", r"\1.focal_block."),
    (r"^(decompressor\.layers\.\d+)\.0\.", r"\1.focal_block."),
    (r"^(decompressor\.layers\.\d+)\.1\.", r"\1.upscale."),
)
_NOBODY_HAS = {"use_post_norm": False, "use_layerscale": False, "normalize_modulator": False}


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which FocalCodec a checkpoint is, or None if it is of another family.

    Raises ModelError for one without parts, without its config.json, and for settings of what
    neither does.
    """
    shapes = {_now(key): shape for key, shape in checkpoint.shapes.items()}
    if _MARK not in shapes:
        return None
    config = checkpoint.config
    if "encoder_config" not in config:
        raise ModelError(
            "checkpoint of FocalCodec without its config.json, which says how WavLM hears; put it "
            "beside it"
        )
    causal = _CAUSAL in shapes
    with refusing("weights of such shapes make no FocalCodec"):
        sizes = _stream_sizes(shapes, config) if causal else _sizes(shapes, config)
    family = "focalcodec-stream" if causal else "focalcodec"
    if causal:  # whose other sizes nobody states outside of their config.json
        usual = (m.__name__ for m in focalcodec_stream.PUBLISHED if m().bits == sizes["bits"])
    else:
        usual = (m.__name__ for m in focalcodec.PUBLISHED if asdict(m()) == sizes)
    return Recognised(next(usual, family), "focalcodec", family, sizes)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.units.focalcodec`, or `focalcodec_stream`."""
    return steps.read(_steps(recognised.config), checkpoint.tensors())


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    stream = "chunk" in config
    speech = _stream_rows(config) if stream else _whole_rows()
    return [
        steps.Names(_now),  # files are written in the names of today
        OneMap(),
        steps.Aside(r"quantizer\..+", steps.nothing),
        steps.Table((*speech, *_rows(config, stream))),
    ]


def _now(key: str) -> str:
    """Return a key as the package calls it now."""
    for pattern, instead in _RENAMED:
        key = re.sub(pattern, instead, key)
    return key


@dataclass(frozen=True)
class OneMap:
    """Queries, keys and values as one map, which they are in the files of today."""

    def read(self, tensors: steps.Tensors) -> dict[str, Tensor]:
        """Stack those of version 0.0.1."""
        found = dict(tensors)
        for key in tensors:
            if match := re.fullmatch(r"(.*\.attention\.)q_proj\.(weight|bias)", key):
                names = [f"{match[1]}{part}_proj.{match[2]}" for part in "qkv"]
                if lacking := [name for name in names if name not in tensors]:
                    raise ModelError(f"checkpoint lacks {lacking[0]}; fetch it again")
                found[f"{match[1]}qkv_proj.{match[2]}"] = torch.cat([found.pop(n) for n in names])
        return found

    def write(self, tensors: steps.Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Leave them."""
        return dict(tensors)


# ---- keys ---------------------------------------------------------------------------------------


def _whole_rows() -> Iterator[Row]:
    """Yield what becomes of WavLM's keys where it takes whole recordings."""
    ours = "encoder.speech"
    layer = r"encoder\.feature_extractor\.layers\.(\d+)\."
    yield Row(layer + r"conv\.weight", rf"{ours}.extractor.convs.\1.weight")
    yield Row(layer + r"norm\.(weight|bias)", rf"{ours}.extractor.norms.\1.\2")
    yield Row(r"encoder\.norm\.(weight|bias)", rf"{ours}.norm.\1")
    yield Row(r"encoder\.feature_proj\.(weight|bias)", rf"{ours}.project.\1")
    positions = r"encoder\.encoder\.positional_embedding\.conv\.(weight|bias)"
    yield Row(positions, rf"{ours}.transformer.positions.conv.\1")
    yield from _blocks(f"{ours}.transformer")


def _stream_rows(config: Mapping[str, Any]) -> Iterator[Row]:
    """Yield what becomes of WavLM's keys in the stream, where its layers are members of stacks."""
    ours = "encoder.blocks.0.blocks"
    for n in range(len(config["semantic"]["strides"])):
        layer = rf"encoder\.feature_extractor\.layers\.{n}\."
        yield Row(layer + r"conv\.weight", f"{ours}.0.blocks.{3 * n}.weight")
        yield Row(layer + r"norm\.(weight|bias)", rf"{ours}.0.blocks.{3 * n + 1}.\1")
    yield Row(r"encoder\.norm\.(weight|bias)", rf"{ours}.1.\1")
    yield Row(r"encoder\.feature_proj\.(weight|bias)", rf"{ours}.2.\1")
    positions = r"encoder\.encoder\.positional_embedding\.conv\.(weight|bias)"
    yield Row(positions, rf"{ours}.3.branch.blocks.0.\1")
    yield from _blocks(f"{ours}.4")


def _blocks(ours: str) -> Iterator[Row]:
    yield Row(r"encoder\.encoder\.relative_embedding\.weight", f"{ours}.offsets")
    layer, block = r"encoder\.encoder\.layers\.(\d+)\.", rf"{ours}.blocks.\1"
    names = {
        r"attention\.qkv_proj": "attention.into",
        r"attention\.out_proj": "attention.out",
        r"attention\.gru_rel_pos_linear": "attention.gate",
        "attention_norm": "norm1",
        "feed_forward_norm": "norm2",
        r"feed_forward\.in_proj": "up",
        r"feed_forward\.out_proj": "down",
    }
    for theirs, own in names.items():
        yield Row(rf"{layer}{theirs}\.(weight|bias)", rf"{block}.{own}.\2")
    scale = rf"{block}.attention.gate_scale"
    yield Row(layer + r"attention\.gru_rel_pos_const", scale, as_gates)


def _rows(config: Mapping[str, Any], stream: bool) -> Iterator[Row]:
    """Yield what becomes of all keys but WavLM's."""
    layers = len(config["widths"])
    ours = "encoder.blocks.1.blocks" if stream else "encoder.compressor.blocks"
    for n in range(layers):
        theirs = rf"compressor\.layers\.{n}\."
        down, snake = rf"{theirs}downscale\.downscale\.", rf"{theirs}downscale\.activation\."
        yield Row(down + "(weight|bias)", rf"{ours}.{n}.blocks.0.\1")
        yield Row(snake + "alpha", f"{ours}.{n}.blocks.1.alpha", per_row)
        yield from _focal_layer(rf"{theirs}focal_block\.", f"{ours}.{n}.blocks.2.blocks", stream)
    yield Row(r"compressor\.out_proj\.(weight|bias)", rf"{ours}.{layers}.\1")
    ours = "decoder.blocks.0.blocks"
    yield Row(r"decompressor\.in_proj\.(weight|bias)", rf"{ours}.0.\1")
    for n in range(layers):
        theirs, own = rf"decompressor\.layers\.{n}\.", f"{ours}.{n + 1}.blocks"
        yield from _focal_layer(rf"{theirs}focal_block\.", f"{own}.0.blocks", stream)
        yield Row(theirs + r"upscale\.activation\.alpha", f"{own}.1.alpha", per_row)
        up = theirs + r"upscale\.upscale\."
        yield Row(up + "weight", f"{own}.2.weight", transposed_patch)
        yield Row(up + "bias", f"{own}.2.bias")
    if stream:
        for theirs, own in (("in_proj", "up"), ("out_proj", "down")):
            refiner = rf"decompressor\.refiner\.{theirs}\.(weight|bias)"
            yield Row(refiner, rf"decoder.blocks.1.{own}.\1")
    yield from _spoken(config["decoder_blocks"], f"decoder.blocks.{1 + stream}")


def _focal_layer(theirs: str, ours: str, stream: bool) -> Iterator[Row]:
    for n, part in enumerate(("modulation", "feed_forward")):
        norm = rf"{theirs}{part}_norm\."
        own = f"{ours}.{n}.branch.blocks.0"
        yield (
            Row(norm + "alpha", f"{own}.weight")
            if stream
            else Row(norm + "(weight|bias)", rf"{own}.\1")
        )
    modulation, own = rf"{theirs}modulation\.", f"{ours}.0.branch.blocks.1"
    yield Row(modulation + r"in_proj\.(weight|bias)", rf"{own}.into.\1")
    yield Row(modulation + r"layers\.(\d+)\.0\.(weight|bias)", rf"{own}.convs.\1.\2")
    yield Row(modulation + r"context_proj\.weight", f"{own}.mix.weight", pointwise)
    yield Row(modulation + r"context_proj\.bias", f"{own}.mix.bias")
    yield Row(modulation + r"out_proj\.(weight|bias)", rf"{own}.out.\1")
    for number, part in ((1, "in_proj"), (3, "out_proj")):
        mlp = rf"{theirs}feed_forward\.{part}\.(weight|bias)"
        yield Row(mlp, rf"{ours}.1.branch.blocks.{number}.\1")


def _spoken(blocks: int, ours: str) -> Iterator[Row]:
    """Yield what becomes of the keys of Vocos or WaveNeXt."""
    theirs = r"decoder\.backbone\."
    yield Row(theirs + r"embedding\.(weight|bias)", rf"{ours}.blocks.0.\1")
    yield Row(theirs + r"input_norm\.(weight|bias)", rf"{ours}.blocks.1.\1")
    for n in range(blocks):
        own = f"{ours}.blocks.{2 + n}.branch.blocks"
        for number, part in enumerate(("dwconv", "norm", "pwconv1", "", "pwconv2")):
            if part:
                yield Row(rf"{theirs}layers\.{n}\.{part}\.(weight|bias)", rf"{own}.{number}.\1")
        yield Row(rf"{theirs}layers\.{n}\.gamma", f"{own}.5.weight")
    yield Row(theirs + r"output_norm\.(weight|bias)", rf"{ours}.blocks.{2 + blocks}.\1")
    yield Row(r"decoder\.head\.proj\.(weight|bias)", rf"{ours}.blocks.{3 + blocks}.\1")


# ---- sizes --------------------------------------------------------------------------------------


def _sizes(shapes: Shapes, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a `FocalCodecConfig`."""
    downs, ups = _factors(shapes, _DOWN), _factors(shapes, _UP)
    if ups != downs[::-1]:
        raise ValueError(f"factors {downs} down and {ups} up")
    stated = config.get("decoder_config") or {}
    window = shapes["decoder.head.proj.weight"][0] - 2
    hop = int(stated.get("hop_length", 320))
    _check(shapes, config, causal=False, decoder="Vocos", n_fft=window)
    return {
        "semantic": _semantic(shapes, config),
        "widths": _widths(shapes),
        "factors": downs,
        "kernels": _kernels(shapes, "compressor.layers.0"),
        "bits": shapes["compressor.out_proj.weight"][0],
        "decoder_width": shapes["decoder.backbone.input_norm.weight"][0],
        "decoder_hidden": shapes["decoder.backbone.layers.0.pwconv1.weight"][0],
        "decoder_blocks": _count(shapes, "decoder.backbone.layers.{}.gamma"),
        "window": window,
        "hop": hop,
    }


def _stream_sizes(shapes: Shapes, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a `FocalCodecStreamConfig`."""
    features = shapes[_DOWN.format(0)][1]
    chunk = shapes["decompressor.refiner.in_proj.weight"][1] // features
    if {*_factors(shapes, _DOWN), *_factors(shapes, _UP)} != {1}:
        raise ValueError("a stream whose layers change the rate")
    hop, width = shapes["decoder.head.proj.weight"]
    _check(shapes, config, causal=True, decoder="WaveNeXt", lookahead_size=chunk - 1)
    attention = int(config["encoder_config"].get("window_size", 512))
    last = f"decompressor.layers.{_count(shapes, _DOWN) - 1}"
    return {
        "semantic": _semantic(shapes, config),
        "attention": attention,
        "chunk": chunk,
        "widths": _widths(shapes),
        "kernels": _kernels(shapes, "compressor.layers.0"),
        "last_kernel": _kernels(shapes, last)[-1],
        "bits": shapes["compressor.out_proj.weight"][0],
        "decoder_width": width,
        "decoder_expansion": shapes["decoder.backbone.layers.0.pwconv1.weight"][0] // width,
        "decoder_blocks": _count(shapes, "decoder.backbone.layers.{}.gamma"),
        "hop": hop,
    }


def _semantic(shapes: Shapes, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a `WavLMConfig`."""
    stated = config["encoder_config"]
    layer = "encoder.feature_extractor.layers.{}.conv.weight"
    convs = [shapes[layer.format(n)] for n in range(_count(shapes, layer))]
    buckets, heads = shapes["encoder.encoder.relative_embedding.weight"]
    hidden, width = shapes["encoder.encoder.layers.0.feed_forward.in_proj.weight"]
    taps = shapes["encoder.encoder.positional_embedding.conv.weight"]
    usual = asdict(focalcodec.SIX_OF_LARGE)
    return usual | {
        "width": width,
        "blocks": _count(shapes, "encoder.encoder.layers.{}.attention_norm.weight"),
        "heads": heads,
        "hidden": hidden,
        "filters": convs[0][0],
        "kernels": tuple(shape[2] for shape in convs),
        "strides": tuple(stated.get("strides", usual["strides"])),
        "position_kernel": taps[2],
        "position_groups": width // taps[1],
        "buckets": buckets,
        "furthest": stated.get("max_distance", usual["furthest"]),
    }


def _check(
    shapes: Shapes, config: Mapping[str, Any], *, causal: bool, decoder: str, **more: Any
) -> None:
    """Refuse a config.json of other sizes, and one that asks for another function."""
    check_config(config, PARTS | {"decoder_name": decoder})
    bits = shapes["compressor.out_proj.weight"][0]
    check_config(config.get("quantizer_config") or {}, {"codebook_size": 1 << bits})
    for part in ("encoder", "compressor", "decompressor", "decoder"):
        stated = config.get(f"{part}_config") or {}
        silent = {"causal": False} if causal else {}  # what the package then takes
        check_config(silent | stated, {"causal": causal} | _NOBODY_HAS | more)


def _widths(shapes: Shapes) -> tuple[int, ...]:
    return tuple(shapes[_DOWN.format(n)][0] for n in range(_count(shapes, _DOWN)))


def _factors(shapes: Shapes, key: str) -> tuple[int, ...]:
    return tuple(shapes[key.format(n)][2] for n in range(_count(shapes, key)))


def _kernels(shapes: Shapes, layer: str) -> tuple[int, ...]:
    key = layer + ".focal_block.modulation.layers.{}.0.weight"
    return tuple(shapes[key.format(n)][2] for n in range(_count(shapes, key)))


def _count(shapes: Shapes, key: str) -> int:
    """Return how many there are of a key with a number in it, from 0 on."""
    number = 0
    while key.format(number) in shapes:
        number += 1
    return number


FORMS = {"focalcodec": Form(_steps, hub_files(package_config))}
