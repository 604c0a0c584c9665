"""What the checkpoints of BigCodec and FACodec share: an encoder and a decoder of one graph.

    ENCODER.0                       a convolution
    ENCODER.N.block.{0,1,2}.block.… a residual unit: activation, convolution, activation, pointwise
    ENCODER.N.block.{3,4}           the activation and the strided convolution of a block
    DECODER.N.block.{0,1}           the activation and the transposed convolution of one
    DECODER.N.block.{2,3,4}.block.… its residual units

An activation has `act.alpha` and `act.beta`, and two filters, which all of them share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vocable.codecs.keys.change import pointwise, transposed
from vocable.codecs.keys.steps import Tensors
from vocable.errors import ModelError
from vocable.nn.antialiased import kaiser_taps
from vocable.weights import Row

Shapes = Mapping[str, tuple[int, ...]]
_FILTER = re.compile(r".*\.(upsample|downsample\.lowpass)\.filter")
# layers with weight norm: all of the graph, and the projections of levels
NORMED = r"(?:CodecEnc\.block|generator\.model|block|model)\..*|(?:generator\.)?quantizer\..*_proj"
_NEAR = 2e-3  # of a tap: more than half precision takes from it, less than another filter has


def rows(encoder: str, decoder: str) -> Iterator[Row]:
    """Yield what becomes of the keys of a graph whose parts these patterns name, without groups."""
    yield from encoder_rows(encoder, "encoder.blocks")
    yield from decoder_rows(decoder)


def decoder_rows(decoder: str) -> Iterator[Row]:
    """Yield what becomes of the keys of the decoder."""
    up = rf"{decoder}\.(\d+)\.block\.(1)\.weight"
    yield Row(up, r"decoder.blocks.\1.blocks.\2.weight", transposed)
    yield from encoder_rows(decoder, "decoder.blocks")


def encoder_rows(theirs: str, stack: str) -> Iterator[Row]:
    """Yield what becomes of the keys of an encoder, members of our `stack`."""
    unit = r"\.(\d+)\.block\.(\d)\.block\.(\d)"
    ours = rf"{stack}.\1"
    branch = rf"{ours}.blocks.\2.branch.blocks.\3"
    yield Row(rf"{theirs}{unit}\.act\.(alpha|beta)", rf"{branch}.blocks.1.\4")
    yield Row(rf"{theirs}\.(\d+)\.block\.(\d)\.block\.(3)\.weight", f"{branch}.weight", pointwise)
    yield Row(rf"{theirs}{unit}\.(weight|bias)", rf"{branch}.\4")
    member = rf"{ours}.blocks.\2"
    yield Row(rf"{theirs}\.(\d+)\.block\.(\d)\.act\.(alpha|beta)", rf"{member}.blocks.1.\3")
    yield Row(rf"{theirs}\.(\d+)\.block\.(\d)\.(weight|bias)", rf"{member}.\3")
    yield Row(rf"{theirs}\.(\d+)\.act\.(alpha|beta)", rf"{ours}.blocks.1.\2")
    yield Row(rf"{theirs}\.(\d+)\.lstm\.(\w+)", rf"{ours}.branch.cells.\2")
    yield Row(rf"{theirs}\.(\d+)\.(weight|bias)", rf"{ours}.\2")


def level_rows(quantizer: str, ours: str) -> Iterator[Row]:
    r"""Yield what becomes of the levels of a quantizer; `ours` names a codebook, its level `\1`.

    quantizer: a pattern, whose groups come before that of the level.
    """
    layer = rf"{quantizer}\.layers\.(\d+)\."
    yield Row(layer + r"_codebook\.weight", f"{ours}.entries")
    for projection, name in (("in_proj", "down"), ("out_proj", "up")):
        yield Row(rf"{layer}{projection}\.weight", f"{ours}.{name}.weight")
        yield Row(rf"{layer}{projection}\.bias", f"{ours}.{name}.bias")


@dataclass(frozen=True)
class Filters:
    """Leaves out the filters of activations, which must be those that all published ones have."""

    def read(self, tensors: Tensors) -> dict[str, Tensor]:
        """Leave them out, once they are checked."""
        taps = kaiser_taps()
        kept = {}
        for key, value in tensors.items():
            if not _FILTER.fullmatch(key):
                kept[key] = value
            elif value.shape != (1, 1, len(taps)) or not torch.allclose(
                value[0, 0], taps, rtol=0, atol=_NEAR
            ):
                raise ModelError(
                    f"{key} is another filter than the {len(taps)} taps at half the band that "
                    "these models have; fetch it again"
                )
        return kept

    def write(self, tensors: Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Put both beside each activation."""
        names = [key.removesuffix("act.alpha") for key in tensors if key.endswith(".act.alpha")]
        filters = ("upsample.filter", "downsample.lowpass.filter")
        taps = {f"{name}{each}": kaiser_taps()[None, None] for name in names for each in filters}
        return {**tensors, **taps}


def sizes(shapes: Shapes, encoder: str, decoder: str) -> dict[str, Any]:
    """Return what the shapes of fused weights say of a graph; LookupError where parts lack."""
    ends = [shapes[f"{encoder}.{n}.weight"] for n in _numbers(shapes, encoder)]
    downs = _matching(shapes, rf"{re.escape(encoder)}\.(\d+)\.block\.4\.weight")
    first = shapes[f"{decoder}.0.weight"]
    return {
        "encoder_channels": ends[0][0],
        "strides": tuple(shape[2] // 2 for shape in downs),
        "latent": ends[-1][0],
        "decoder_channels": first[0],
    }


def books(shapes: Shapes, quantizer: str) -> list[tuple[int, ...]]:
    """Return the shapes of the codebooks of a quantizer, in order."""
    return _matching(shapes, rf"{re.escape(quantizer)}\.layers\.(\d+)\._codebook\.weight")


def _numbers(shapes: Shapes, part: str) -> list[int]:
    pattern = re.compile(rf"{re.escape(part)}\.(\d+)\.weight")
    return sorted(int(match[1]) for key in shapes if (match := pattern.fullmatch(key)))


def _matching(shapes: Shapes, pattern: str) -> list[tuple[int, ...]]:
    found = {int(m[1]): shape for k, shape in shapes.items() if (m := re.fullmatch(pattern, k))}
    return [found[number] for number in sorted(found)]
