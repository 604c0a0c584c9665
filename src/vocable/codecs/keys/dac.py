"""Checkpoints of DAC: as transformers saves them, and as the original package does.

    transformers    config.json beside the tensors; weight norm is fused, or still there
    dac             weights.pth: tensors with weight norm in two halves, and the class's arguments

The original counts the members of each part, as we do; transformers names them. Sizes are read off
the tensors. The rate is stated beside them; where it is not, it is that of the published model with
these sizes. Quantizer dropout matters to training alone, and is the paper's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from torch import Tensor

from vocable.codecs.dac import PUBLISHED
from vocable.codecs.keys import steps
from vocable.codecs.keys.change import per_channel, pointwise, transposed
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form, all_equal, hub_files
from vocable.codecs.keys.fused import fused_shapes
from vocable.codecs.keys.rate import with_rate
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.weights import Row

Shapes = Mapping[str, tuple[int, ...]]

_MEMBERS = {
    "unit": ("snake", "convolution", "snake", "pointwise"),
    "down": ("unit", "unit", "unit", "snake", "convolution"),  # a block of the encoder
    "up": ("snake", "transposed", "unit", "unit", "unit"),  # a block of the decoder
}
_BOOK = re.compile(r"quantizer\.quantizers\.(\d+)\.codebook\.weight")
_COUNTED = tuple(f"block.{i}" for i in range(5))
_UNITS = ("res_unit1", "res_unit2", "res_unit3")


@dataclass(frozen=True)
class _Layout:
    """How a package calls things."""

    name: str
    mark: str  # pattern of a key that no other family has
    members: Mapping[str, tuple[str, ...]]  # of each kind, in order

    def parts(self, side: str, depth: int) -> list[str]:
        """Name the parts of the encoder or decoder: convolution, blocks, Snake, convolution."""
        if self.name == "transformers":
            blocks = [f"{side}.block.{i}" for i in range(depth)]
            return [f"{side}.conv1", *blocks, f"{side}.snake1", f"{side}.conv2"]
        inner = "block" if side.endswith("encoder") else "model"
        return [f"{side}.{inner}.{i}" for i in range(depth + 3)]


_LAYOUTS = (
    _Layout(
        "dac",
        r"encoder\.block\.\d+\.alpha",  # SNAC has no Snake before its last convolution
        {"unit": _COUNTED[:4], "down": _COUNTED, "up": _COUNTED},
    ),
    _Layout(
        "transformers",
        r"encoder\.block\.0\.res_unit1\.snake1\.alpha",
        {
            "unit": ("snake1", "conv1", "snake2", "conv2"),
            "down": (*_UNITS, "snake1", "conv1"),
            "up": ("snake1", "conv_t1", *_UNITS),
        },
    ),
)


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return what a checkpoint of DAC holds, None for another's.

    Raises ModelError where the sizes are not those of a DAC, or the rate is not known.
    """
    shapes = fused_shapes(checkpoint.shapes)
    if not _books(shapes):
        return None
    for layout in _LAYOUTS:
        if any(re.fullmatch(layout.mark, key) for key in shapes):
            name, config = _with_rate(checkpoint, _sizes(checkpoint, shapes, layout))
            return Recognised(name, layout.name, "dac", config)
    return None


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of our model, without weight norm.

    Raises ModelError for a key that is not a DAC's.
    """
    return steps.read(FORMS[recognised.layout].steps(recognised.config), checkpoint.tensors())


# ---- keys ---------------------------------------------------------------------------------------


def quantizer_rows(theirs: str = "", ours: str = "quantizer") -> Iterator[Row]:
    """Yield the rows of levels. theirs: what their keys begin with, a pattern; ours: where."""
    theirs, ours = theirs + r"quantizer\.quantizers\.(\d+)\.", ours + r".stack.\1.codebook."
    yield Row(theirs + r"codebook\.weight", ours + "entries")
    for projection, name in (("in_proj", "down"), ("out_proj", "up")):
        yield Row(rf"{theirs}{projection}\.weight", f"{ours}{name}.weight", pointwise)
        yield Row(rf"{theirs}{projection}\.bias", f"{ours}{name}.bias")


def _rows(layout: _Layout, depth: int) -> Iterator[Row]:
    yield from _side(layout, "encoder", "encoder.blocks", "down", depth)
    yield from _side(layout, "decoder", "decoder.block.blocks", "up", depth)


def rows_in_transformers(
    side: str, stack: str, block: Literal["down", "up"], depth: int, first: int = 0
) -> Iterator[Row]:
    """Yield the rows of an encoder ("down") or a decoder of DAC that is part of another model.

    stack: ours, of which member `first` is the first of this part.
    """
    yield from _side(_LAYOUTS[1], side, stack, block, depth, first)


def sizes_in_package(checkpoint: Checkpoint, shapes: Shapes) -> dict[str, Any]:
    """Return what shapes say of a DAC that is part of another model, named as in its package."""
    return _sizes(checkpoint, shapes, _LAYOUTS[0])


def rows_in_package(
    side: str, stack: str, block: Literal["down", "up"], depth: int
) -> Iterator[Row]:
    """Yield the rows of such a side, an encoder ("down") or a decoder, whose keys begin so."""
    yield from _side(_LAYOUTS[0], side, stack, block, depth)


def _side(
    layout: _Layout, side: str, stack: str, block: str, depth: int, first: int = 0
) -> Iterator[Row]:
    kinds = ("convolution", *[block] * depth, "snake", "convolution")
    for i, (kind, name) in enumerate(zip(kinds, layout.parts(side, depth), strict=True)):
        yield from _member(layout, kind, name, f"{stack}.{first + i}")


def _member(layout: _Layout, kind: str, theirs: str, ours: str) -> Iterator[Row]:
    """Yield the rows of a part: its members', or its own."""
    if kind in _MEMBERS:
        within = f"{ours}.branch.blocks" if kind == "unit" else f"{ours}.blocks"
        for i, pair in enumerate(zip(_MEMBERS[kind], layout.members[kind], strict=True)):
            yield from _member(layout, pair[0], f"{theirs}.{pair[1]}", f"{within}.{i}")
    elif kind == "snake":
        yield Row(re.escape(f"{theirs}.alpha"), f"{ours}.alpha", per_channel)
    else:
        change = {"pointwise": pointwise, "transposed": transposed}.get(kind)
        yield Row(re.escape(f"{theirs}.weight"), f"{ours}.weight", change)
        yield Row(re.escape(f"{theirs}.bias"), f"{ours}.bias")


# ---- sizes --------------------------------------------------------------------------------------


def _sizes(checkpoint: Checkpoint, shapes: Shapes, layout: _Layout) -> dict[str, Any]:
    """Return the values of a DACConfig that the shapes tell."""

    def size(name: str, axis: int) -> int:
        shape = shapes.get(f"{name}.weight", ())
        if len(shape) != 3:
            raise ModelError(
                f"{checkpoint.path} has keys of DAC but no convolution {name}; fetch it again"
            )
        return shape[axis]

    step = layout.members["down"][4]
    down = re.compile(rf"encoder\.block\.\d+\.{re.escape(step)}\.weight")
    depth = sum(down.fullmatch(key) is not None for key in shapes)
    encoder, decoder = (layout.parts(side, depth) for side in ("encoder", "decoder"))
    books = _books(shapes)
    return {
        "encoder_channels": size(encoder[0], 0),
        "strides": tuple(size(f"{block}.{step}", 2) // 2 for block in encoder[1:-2]),
        "latent": size(encoder[-1], 0),
        "decoder_channels": size(decoder[0], 0),
        "sizes": tuple(book[0] for book in books),
        "code_width": _code_width(checkpoint, books),
    }


def _books(shapes: Shapes) -> list[tuple[int, ...]]:
    """Return the shapes of the codebooks, in order."""
    found = {int(match[1]): shapes[key] for key in shapes if (match := _BOOK.fullmatch(key))}
    return [found[level] for level in sorted(found) if len(found[level]) == 2]


def _code_width(checkpoint: Checkpoint, books: list[tuple[int, ...]]) -> int:
    widths = sorted({width for _, width in books})
    if len(widths) > 1:
        found = ", ".join(map(str, widths))
        raise ModelError(
            f"{checkpoint.path} has codebooks of {found} dimensions; a DAC has levels of one width"
        )
    return widths[0]


def _with_rate(checkpoint: Checkpoint, sizes: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name of the published model with these sizes, else "dac", and all values."""
    _check_config(checkpoint, sizes)
    return with_rate("DAC", PUBLISHED, sizes, _stated_rate(checkpoint), checkpoint.path)


def _check_config(checkpoint: Checkpoint, sizes: Mapping[str, Any]) -> None:
    """Refuse transformers' config.json of another size: its rate would be another model's, too."""
    needed = {
        "model_type": "dac",
        "encoder_hidden_size": sizes["encoder_channels"],
        "downsampling_ratios": sizes["strides"],
        "upsampling_ratios": sizes["strides"][::-1],
        "hidden_size": sizes["latent"],
        "decoder_hidden_size": sizes["decoder_channels"],
        "n_codebooks": len(sizes["sizes"]),
        "codebook_size": sizes["sizes"][0],
        "codebook_dim": sizes["code_width"],
    }
    check_config(checkpoint.config, needed)


def _stated_rate(checkpoint: Checkpoint) -> Any:
    metadata = checkpoint.stated.get("metadata")
    arguments = metadata.get("kwargs") if isinstance(metadata, Mapping) else None  # of the class
    if isinstance(arguments, Mapping) and "sample_rate" in arguments:
        return arguments["sample_rate"]
    return checkpoint.config.get("sampling_rate")


# ---- what is written ----------------------------------------------------------------------------


def _steps(layout: _Layout, normed: str, config: Mapping[str, Any]) -> list[steps.Step]:
    table = (*quantizer_rows(), *_rows(layout, len(config["strides"])))
    return [steps.WeightNorm(normed), steps.Table(table)]


def _config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return transformers' config.json."""
    c, strides = config, list(config["strides"])
    return {
        "architectures": ["DacModel"],
        "model_type": "dac",
        "encoder_hidden_size": c["encoder_channels"],
        "downsampling_ratios": strides,
        "upsampling_ratios": strides[::-1],
        "decoder_hidden_size": c["decoder_channels"],
        "hidden_size": c["latent"],
        "n_codebooks": len(c["sizes"]),
        "codebook_size": all_equal(c["sizes"], "entries of a level"),
        "codebook_dim": c["code_width"],
        "quantizer_dropout": c["dropout"],
        "sampling_rate": c["rate"],
        "hop_length": math.prod(strides),
    }


def _package_files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the file of the package, with the arguments of its class."""
    c, strides = config, list(config["strides"])
    arguments = {
        "encoder_dim": c["encoder_channels"],
        "encoder_rates": strides,
        "latent_dim": c["latent"],
        "decoder_dim": c["decoder_channels"],
        "decoder_rates": strides[::-1],
        "n_codebooks": len(c["sizes"]),
        "codebook_size": all_equal(c["sizes"], "entries of a level"),
        "codebook_dim": c["code_width"],
        "quantizer_dropout": c["dropout"],
        "sample_rate": c["rate"],
    }
    return {"weights.pth": {"state_dict": dict(tensors), "metadata": {"kwargs": arguments}}}


_NORMED = r"(?!.*\.codebook$).*"  # all layers but the entries of codebooks
FORMS = {
    "transformers": Form(partial(_steps, _LAYOUTS[1], ""), hub_files(_config)),
    "dac": Form(partial(_steps, _LAYOUTS[0], _NORMED), _package_files),
}
