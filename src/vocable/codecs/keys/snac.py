"""Checkpoints of SNAC, as its package and the model hub have them: weights and a config.json.

Sizes are read off the tensors, whatever form of weight norm they have; the config says what they do
not show: the rate, how long tokens last, and the window of attention. Without a config these are
those of the published model with these sizes, if there is only one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vocable.codecs.keys import steps
from vocable.codecs.keys.change import per_channel, pointwise, transposed
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form, all_equal
from vocable.codecs.keys.fused import fused_shapes
from vocable.errors import ModelError
from vocable.weights import Row

Shapes = Mapping[str, tuple[int, ...]]
_DOWN = re.compile(r"encoder\.block\.\d+\.block\.4\.weight")
_UP = re.compile(r"decoder\.model\.\d+\.block\.1\.weight")
_UNIT = re.compile(r"encoder\.block\.\d+\.block\.0\.block\.1\.weight")
_BOOK = re.compile(r"quantizer\.quantizers\.\d+\.codebook\.weight")
_NOISE = re.compile(r"decoder\.model\.\d+\.block\.2\.linear\.weight")
_ATTENTION = re.compile(r"encoder\.block\.\d+\.to_qkv\.weight")
_ROTARY = re.compile(r"encoder\.block\.\d+\.rel_pos\.inv_freq")
_LAST_SNAKE = re.compile(r"encoder\.block\.\d+\.alpha")  # DAC has one before its last convolution
_STATED = {
    "sampling_rate": "rate",
    "encoder_dim": "encoder_channels",
    "encoder_rates": "strides",
    "decoder_dim": "decoder_channels",
    "attn_window_size": "window",
    "vq_strides": "level_strides",
    "codebook_dim": "code_width",
    "depthwise": "depthwise",
    "noise": "noise",
}  # of config.json: our names


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return what a checkpoint of SNAC holds, None for another's.

    Raises ModelError where the config contradicts the tensors, and where nothing says the rate.
    """
    shapes = fused_shapes(checkpoint.shapes)
    needed = ((_DOWN, 3), (_UP, 3), (_UNIT, 3), (_BOOK, 2))
    found = [({len(shape) for shape in _matching(shapes, key)}, axes) for key, axes in needed]
    if _matching(shapes, _LAST_SNAKE) or any(axes != {wanted} for axes, wanted in found):
        return None
    sizes = _sizes(shapes)
    stated = _stated(checkpoint, sizes)
    name, config = _named(checkpoint, {**sizes, **stated}, bool(_matching(shapes, _ATTENTION)))
    return Recognised(name, "snac", "snac", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of our model, without weight norm.

    Raises ModelError for a key that is not SNAC's.
    """
    return steps.read(_steps(recognised.config), checkpoint.tensors())


# ---- keys ---------------------------------------------------------------------------------------


def _rows() -> Iterator[Row]:
    # after its first convolution of each channel by itself, the decoder has one of single rows
    yield Row(r"decoder\.model\.1\.weight", "decoder.blocks.1.weight", pointwise)
    yield Row(r"decoder\.model\.(\d+)\.block\.1\.weight", _block("decoder", 1), transposed)
    yield Row(r"decoder\.model\.(\d+)\.block\.1\.bias", _block("decoder", 1, "bias"))
    yield Row(r"decoder\.model\.(\d+)\.block\.2\.linear\.weight", _block("decoder", 2), pointwise)
    yield Row(r"encoder\.block\.(\d+)\.block\.4\.(weight|bias)", r"encoder.blocks.\1.blocks.4.\2")
    for side, theirs in (("encoder", r"encoder\.block"), ("decoder", r"decoder\.model")):
        part, ours = rf"{theirs}\.(\d+)", rf"{side}.blocks.\1"
        yield Row(rf"{part}\.(weight|bias)", rf"{ours}.\2")
        yield Row(rf"{part}\.alpha", rf"{ours}.alpha", per_channel)
        yield Row(rf"{part}\.block\.(\d)\.alpha", rf"{ours}.blocks.\2.alpha", per_channel)
        unit, branch = rf"{part}\.block\.(\d)\.block\.(\d)", rf"{ours}.blocks.\2.branch.blocks.\3"
        yield Row(rf"{unit}\.alpha", rf"{branch}.alpha", per_channel)
        yield Row(rf"{part}\.block\.(\d)\.block\.(3)\.weight", rf"{branch}.weight", pointwise)
        yield Row(rf"{unit}\.(weight|bias)", rf"{branch}.\4")
        yield Row(rf"{part}\.norm\.(weight|bias)", rf"{ours}.branch.blocks.0.\2")
        yield Row(rf"{part}\.to_(qkv|out)\.weight", rf"{ours}.branch.blocks.1.\2.weight")
    theirs, ours = r"quantizer\.quantizers\.(\d+)\.", r"quantizer.stack.\1.codebook."
    yield Row(theirs + r"codebook\.weight", ours + "entries")
    for projection, name in (("in_proj", "down"), ("out_proj", "up")):
        yield Row(rf"{theirs}{projection}\.weight", f"{ours}{name}.weight", pointwise)
        yield Row(rf"{theirs}{projection}\.bias", f"{ours}{name}.bias")


def _block(side: str, member: int, tensor: str = "weight") -> str:
    return rf"{side}.blocks.\1.blocks.{member}.{tensor}"


# ---- what is written ----------------------------------------------------------------------------


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    return [
        steps.Aside(r".*\.rel_pos\.inv_freq", partial(_rotations, config.get("head", 0))),
        steps.WeightNorm(r"(?!.*\.(codebook|norm|to_qkv|to_out)$).*", parametrised=True),
        steps.Table(tuple(_rows())),
    ]


def _rotations(head: int, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return how fast each pair of a head's channels turns, which its width says anyway."""
    turns = 1.0 / 10_000 ** (torch.arange(0, head, 2).float() / head)
    names = [key.removesuffix("to_qkv.weight") for key in tensors if key.endswith("to_qkv.weight")]
    return {name + "rel_pos.inv_freq": turns.clone() for name in names}


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    stated = {key: _spelled(config[name]) for key, name in _STATED.items()} | {
        "attn_window_size": config["window"] or None,
        "decoder_rates": list(config["strides"][::-1]),
        "codebook_size": all_equal(config["sizes"], "entries of a level"),
    }
    return {"pytorch_model.bin": tensors, "config.json": stated}


FORMS = {"snac": Form(_steps, _files)}


# ---- sizes --------------------------------------------------------------------------------------


def _sizes(shapes: Shapes) -> dict[str, Any]:
    """Return the values of a SNACConfig that the shapes tell."""
    down, up = _matching(shapes, _DOWN), _matching(shapes, _UP)
    books = _matching(shapes, _BOOK)
    rotary = _matching(shapes, _ROTARY)
    return ({"head": 2 * rotary[0][0]} if rotary else {}) | {
        "encoder_channels": down[0][1],
        "strides": tuple(shape[2] // 2 for shape in down),
        "decoder_channels": up[0][0],
        "sizes": tuple(shape[0] for shape in books),
        "code_width": books[0][1],
        "depthwise": _matching(shapes, _UNIT)[0][1] == 1,
        "noise": bool(_matching(shapes, _NOISE)),
    }


def _stated(checkpoint: Checkpoint, sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the config says, in our names; refuse what the tensors contradict."""
    stated: dict[str, Any] = {}
    entries = sizes["sizes"][0]
    if checkpoint.config.get("codebook_size", entries) != entries:
        raise ModelError(_contradicted(checkpoint, "codebook_size", entries))
    for key, name in _STATED.items():
        if key not in checkpoint.config:
            continue
        value = checkpoint.config[key]
        value = tuple(value) if isinstance(value, list) else value
        stated[name] = 0 if name == "window" and value is None else value
        if name in sizes and stated[name] != sizes[name]:
            raise ModelError(_contradicted(checkpoint, key, sizes[name]))
    return stated


def _contradicted(checkpoint: Checkpoint, key: str, found: Any) -> str:
    return (
        f"{checkpoint.path} has tensors of {key} {_spelled(found)} but the config.json beside it "
        f"says {str(checkpoint.config[key])[:60]}; take the two from one place"
    )


def _named(
    checkpoint: Checkpoint, found: Mapping[str, Any], attends: bool
) -> tuple[str, dict[str, Any]]:
    """Return the name of the published model with these values, else "snac", and all values."""
    from vocable.codecs.snac import PUBLISHED

    fitting = {}
    for make in PUBLISHED:
        values = asdict(make())
        if values == {**values, **found} and bool(values["window"]) == attends:
            fitting[make.__name__] = values
    if len(fitting) == 1:
        return next(iter(fitting.items()))
    lacking = [name for name in ("rate", "level_strides", "window") if name not in found]
    if lacking:
        like = f"those of {' and '.join(fitting)}" if fitting else "of no published SNAC"
        keys = ", ".join(f'"{key}"' for key, name in _STATED.items() if name in lacking)
        raise ModelError(
            f"{checkpoint.path} has sizes that are {like}; put the config.json that belongs to it "
            f"beside it, with {keys}"
        )
    if bool(found["window"]) != attends:
        raise ModelError(
            f"{checkpoint.path} has {'an' if attends else 'no'} attention but the config.json "
            f'beside it says "attn_window_size" {found["window"] or "null"}; take the two from one '
            "place"
        )
    return "snac", dict(found)


def _matching(shapes: Shapes, pattern: re.Pattern[str]) -> list[tuple[int, ...]]:
    """Return the shapes of the keys that fit a pattern, in order of the numbers in them."""
    keys = [key for key in shapes if pattern.fullmatch(key)]
    return [
        shapes[key] for key in sorted(keys, key=lambda k: [int(n) for n in re.findall(r"\d+", k)])
    ]


def _spelled(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
