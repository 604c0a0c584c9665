"""ESC's checkpoints: what its authors' training keeps, and the config.yaml beside it.

    encoder.patch_embed, encoder.pre_nn, encoder.blocks.N   spectra, and down the scales
    decoder.blocks.N, decoder.post_nn, decoder.patch_deembed    up again, and sound
    quantizers.N.{vqs,down_projs,up_projs}.M                codebooks, the fewest bands first

Sizes come from the shapes; hop, rate and the rows of a frame from the yaml, else they are those of
the published model with these sizes. Windows of spectra and places of relative positions follow
from the sizes and are left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vocable.codecs.esc import PUBLISHED, ESCConfig
from vocable.codecs.keys import steps
from vocable.codecs.keys.block_yaml import read_block_yaml
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised, published_name
from vocable.codecs.keys.form import Form
from vocable.codecs.keys.seanet import refusing
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.nn.swin import distances
from vocable.weights import Row

Shapes = Mapping[str, tuple[int, ...]]
_FIRST = "encoder.patch_embed.proj.weight"
_TABLE = r".*\.attn\.relative_position_bias_table"
_INDEX = "relative_position_index"


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which ESC a checkpoint is, or None if it is of another family.

    Raises ModelError for the convolutional and the residual variants that its authors compare
    with, for a yaml of other sizes, and for other sizes without one.
    """
    shapes = checkpoint.shapes
    if _FIRST not in shapes:
        return None
    if (
        "encoder.patch_embed.norm.weight" not in shapes
        or "quantizers.0.vqs.0.embedding.weight" not in shapes
    ):
        raise ModelError(
            f"{checkpoint.path} is ESC with convolutions, or with a residual quantizer: its "
            "authors compare these, and vocable knows the one with transformers and scales"
        )
    with refusing("weights of such shapes make no ESC"):
        sizes = _sizes(shapes)
    stated = _stated(checkpoint)
    for make in PUBLISHED:
        config = asdict(make())
        if config == config | sizes and not stated:
            return Recognised(make.__name__, "esc", "esc", config)
    if not stated:
        raise ModelError(
            f"{checkpoint.path} has the sizes of no published ESC and states no rate; put its "
            "config.yaml beside it"
        )
    with refusing("config.yaml does not describe an ESC"):
        found = asdict(ESCConfig()) | sizes | _named(stated, sizes, shapes)
    return Recognised(published_name(PUBLISHED, found, "esc"), "esc", "esc", found)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.esc`."""
    return steps.read(_steps(recognised.config), checkpoint.tensors())


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    return [
        steps.Aside(r"(ft|ift)\.window", partial(_windows, config)),
        steps.Aside(rf".*\.{_INDEX}", _indices),
        steps.Table((*_rows(len(config["widths"]), config["depth"]),)),
    ]


def _rows(scales: int, depth: int) -> Iterator[Row]:
    """Yield what becomes of each key; ours lie in encoder, quantizer and decoder."""
    for name, ours in (("proj", "map"), ("norm", "norm")):
        yield Row(rf"encoder\.patch_embed\.{name}\.(weight|bias)", rf"encoder.blocks.0.{ours}.\1")
    yield from _layer(r"encoder\.pre_nn", "encoder.blocks.1", depth)
    yield from _layer(r"encoder\.blocks\.0", "encoder.blocks.2", depth)
    for number in range(1, scales - 1):
        coarser = f"quantizer.coarsen.{scales - 1 - number}.blocks.1"
        yield from _layer(rf"encoder\.blocks\.{number}", coarser, depth)
        finer = f"quantizer.refine.{number}.blocks.1"
        yield from _layer(rf"decoder\.blocks\.{number - 1}", finer, depth)
    yield from _layer(rf"decoder\.blocks\.{scales - 2}", "decoder.blocks.1", depth)
    yield from _layer(r"decoder\.post_nn", "decoder.blocks.2", depth)
    for name, ours in (("de_proj1", "apart"), ("de_proj2", "map")):
        yield Row(rf"decoder\.patch_deembed\.{name}\.(weight|bias)", rf"decoder.blocks.3.{ours}.\1")
    level = r"quantizers\.(\d+)\.{}\.(\d+)\."
    book = r"quantizer.parts.\1.parts.\2.stack.0.codebook."
    yield Row(level.format("vqs") + r"embedding\.weight", book + "entries")
    yield Row(level.format("down_projs") + "weight", book + "down.weight")
    yield Row(level.format("up_projs") + "weight", book + "up.weight")


def _layer(theirs: str, ours: str, depth: int) -> Iterator[Row]:
    """Yield the rows of a transformer, and of what halves or doubles the bands behind it."""
    block, own = rf"{theirs}\.swint_blocks\.(\d+)\.", rf"{ours}.blocks.\1."
    yield Row(block + r"attn\.relative_position_bias_table", own + "apart")
    for name, inside in (
        *(("norm1", "norm"), (r"attn\.qkv", "qkv"), (r"attn\.proj", "out"), ("norm2", "mlp_norm")),
        *((r"mlp\.linear_1", "mlp.0"), (r"mlp\.linear_2", "mlp.2")),
    ):
        yield Row(rf"{block}{name}\.(weight|bias)", rf"{own}{inside}.\2")
    yield Row(rf"{theirs}\.subsample\.norm\.(weight|bias)", rf"{ours}.blocks.{depth}.norm.\1")
    name = "down" if theirs.startswith("encoder") else "up"
    yield Row(rf"{theirs}\.subsample\.{name}\.weight", rf"{ours}.blocks.{depth}.map.weight")


def _sizes(shapes: Shapes) -> dict[str, Any]:
    """Return what shapes say of an `ESCConfig`; LookupError or ValueError where they say none."""
    width, _, *patch = shapes[_FIRST]
    scales = 1 + _count(shapes, r"encoder\.blocks\.(\d+)\.subsample\.down\.weight")
    down = [shapes[f"encoder.blocks.{n}.subsample.down.weight"][0] for n in range(scales - 1)]
    widths = (width, *down)
    first = "encoder.pre_nn.swint_blocks.0"
    tables = [
        shapes[f"encoder.blocks.{n}.swint_blocks.0.attn.relative_position_bias_table"]
        for n in range(scales - 1)
    ]
    books = [shapes[f"quantizers.{n}.vqs.0.embedding.weight"] for n in range(scales)]
    return {
        "taper": shapes["ft.window"][0],
        "patch": tuple(patch),
        "widths": widths,
        "heads": tuple(heads for _, heads in tables),
        "depth": _count(shapes, r"encoder\.pre_nn\.swint_blocks\.(\d+)\.norm1\.weight"),
        "window": _window(tables[0][0]),
        "growth": shapes[f"{first}.mlp.linear_1.weight"][0] / width,
        "groups": _count(shapes, r"quantizers\.0\.vqs\.(\d+)\.embedding\.weight"),
        "size": books[0][0],
        "code_widths": tuple(dim for _, dim in books),
    }


def _count(shapes: Shapes, pattern: str) -> int:
    return len({m[1] for key in shapes if (m := re.fullmatch(pattern, key))})


def _window(distances: int) -> int:
    return (math.isqrt(distances) + 1) // 2


def _stated(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the model's table in the yaml beside a checkpoint; nothing where there is none."""
    path = checkpoint.path.with_name("config.yaml")
    if not path.is_file():
        return {}
    try:
        found = read_block_yaml(path.read_text(encoding="utf-8-sig"), path.name)
    except (OSError, UnicodeError) as error:
        raise ModelError(f"{path} can not be read ({error}); fetch it again") from error
    model = found.get("model") if isinstance(found, dict) else None
    if not isinstance(model, dict):
        raise ModelError(f"{path} has no table of a model; fetch it again")
    return model


def _named(stated: Mapping[str, Any], sizes: Mapping[str, Any], shapes: Shapes) -> dict[str, Any]:
    """Return what the yaml says beside the sizes; refuse what the weights contradict."""
    rate, hop, taper, bins, joined = (
        _whole(stated, name) for name in ("sr", "hop_len", "win_len", "in_freq", "overlap")
    )
    last = len(sizes["widths"]) - 1
    places = joined * sizes["widths"][last] * (bins // sizes["patch"][0] >> last)
    held = shapes["quantizers.0.down_projs.0.weight"][1]
    check_config(
        stated,
        {
            "backbone": "transformer",
            "in_dim": 2,
            "h_dims": sizes["widths"],
            "max_streams": len(sizes["widths"]),
            "patch_size": sizes["patch"],
            "swin_heads": sizes["heads"],
            "swin_depth": sizes["depth"],
            "window_size": sizes["window"],
            "group_size": sizes["groups"],
            "codebook_size": sizes["size"],
            "codebook_dims": sizes["code_widths"],
            "l2norm": True,
        },
        "config.yaml",
    )
    if taper * rate // 1000 != sizes["taper"] or places != held * sizes["groups"]:
        raise ModelError(
            f"config.yaml says sr {rate}, win_len {taper}, in_freq {bins}, overlap {joined}, which "
            "these weights do not have; fetch both from one place"
        )
    return {"rate": rate, "hop": hop * rate // 1000, "bins": bins, "joined": joined}


def _whole(stated: Mapping[str, Any], name: str) -> int:
    value = stated.get(name)
    if type(value) is not int or value < 1:
        raise ModelError(f"config.yaml says {name} {str(value)[:60]}; wanted a whole number from 1")
    return value


# ---- what is written ----------------------------------------------------------------------------


def _windows(config: Mapping[str, Any], _: Mapping[str, Tensor]) -> dict[str, Tensor]:
    window = torch.hann_window(config["taper"])
    return {"ft.window": window, "ift.window": window.clone()}


def _indices(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the places of relative positions, which lie by band, then by row."""
    found = {}
    for key, table in tensors.items():
        if re.fullmatch(_TABLE, key):
            window = _window(len(table))
            by_row = distances(window).reshape(window, window, window, window)
            index = by_row.permute(1, 0, 3, 2).reshape(window**2, window**2)
            found[f"{key.rpartition('.')[0]}.{_INDEX}"] = index
    return found


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what their training keeps, and the yaml that makes their network."""
    c = config
    yaml = _YAML.format(
        bins=c["bins"],
        widths=list(c["widths"]),
        scales=len(c["widths"]),
        taper=_milliseconds(c["taper"], c["rate"]),
        hop=_milliseconds(c["hop"], c["rate"]),
        rate=c["rate"],
        patch=list(c["patch"]),
        heads=list(c["heads"]),
        depth=c["depth"],
        window=c["window"],
        growth=c["growth"],
        joined=c["joined"],
        groups=c["groups"],
        size=c["size"],
        code_widths=list(c["code_widths"]),
    )
    return {"model.pth": {"model_state_dict": dict(tensors)}, "config.yaml": yaml}


def _milliseconds(samples: int, rate: int) -> int:
    if samples * 1000 % rate:
        raise ModelError(
            f"{samples} samples at {rate} Hz do not make whole milliseconds, as that layout has it"
        )
    return samples * 1000 // rate


_YAML = """\
model_name: csvq+swinT
model:
  backbone: transformer
  in_dim: 2
  in_freq: {bins}
  h_dims: {widths}
  max_streams: {scales}
  win_len: {taper}
  hop_len: {hop}
  sr: {rate}
  patch_size: {patch}
  swin_heads: {heads}
  swin_depth: {depth}
  window_size: {window}
  mlp_ratio: {growth}
  overlap: {joined}
  group_size: {groups}
  codebook_size: {size}
  codebook_dims: {code_widths}
  l2norm: true
"""
FORMS = {"esc": Form(_steps, _files)}
