"""Checkpoints of Jukebox's VQ-VAE: its authors' `vqvae.pth.tar`, and what transformers has.

    encoders.L.level_blocks.N.…, decoders.L.…   of level L, the finest is 0; ours begin with the
                                                coarsest
    bottleneck.level_blocks.L.k                 its codebook

transformers, up to its fifth version, has other names inside a block, and all of Jukebox in one
file, the VQ-VAE below `vqvae.`; its language models are left out. Sizes come from the shapes,
dilations from the config beside it, else from the published one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from vocable.codecs.jukebox import JukeboxConfig, jukebox
from vocable.codecs.keys import steps
from vocable.codecs.keys.change import transposed
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form, hub_files
from vocable.codecs.keys.seanet import refusing
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.weights import Row

Shapes = Mapping[str, tuple[int, ...]]
_WHOLE = "vqvae."  # of transformers' file of everything
_BOOK, _HUB_BOOK = "bottleneck.level_blocks.0.k", "bottleneck.level_blocks.0.codebook"


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return what a checkpoint of Jukebox holds, None for another's.

    Raises ModelError for weights that make no such VQ-VAE, and a config that they contradict.
    """
    shapes = {key.removeprefix(_WHOLE): shape for key, shape in checkpoint.shapes.items()}
    layout = "transformers" if _HUB_BOOK in shapes else "jukebox"
    if _BOOK not in shapes and _HUB_BOOK not in shapes:
        return None
    with refusing("weights of such shapes make no VQ-VAE of Jukebox"):
        sizes = _sizes({_named(key): shape for key, shape in shapes.items()})
    stated = checkpoint.config.get("vqvae_config") or checkpoint.config
    if stated:
        sizes |= _stated(checkpoint.config, stated, sizes)
    config = asdict(JukeboxConfig()) | sizes
    name = "jukebox" if config == asdict(jukebox()) else "jukebox-vqvae"
    return Recognised(name, layout, "jukebox", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.jukebox`."""
    below = _WHOLE if any(key.startswith(_WHOLE) for key in checkpoint.shapes) else ""
    held = {key.removeprefix(below): value for key, value in checkpoint.tensors(below).items()}
    return steps.read(FORMS[recognised.layout].steps(recognised.config), held)


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    return [steps.Names(_named, (*_projections(config),)), steps.Table((*_rows(config),))]


def _hub_steps(config: Mapping[str, Any]) -> list[steps.Step]:
    return [steps.Names(_named, (*_hub_names(config),)), steps.Table((*_rows(config),))]


def _rows(config: Mapping[str, Any]) -> Iterator[Row]:
    """Yield what becomes of keys as `_named` gives them."""
    downs, last = config["downs"], len(config["downs"]) - 1
    kind = r"\.(weight|bias)"
    for level in range(last + 1):
        ours, depth = last - level, config["depth"] * config["multipliers"][level]
        entries = f"quantizer.parts.{ours}.stack.0.codebook.entries"
        yield Row(rf"bottleneck\.level_blocks\.{level}\.k", entries)
        for part in range(level + 1):
            theirs = rf"encoders\.{level}\.level_blocks\.{part}"
            block = f"encoder.blocks.{ours}.blocks.{part}.blocks"
            yield Row(rf"{theirs}\.model\.(\d+)\.0{kind}", rf"{block}.\1.blocks.0.\2")
            yield from _units(rf"{theirs}\.model\.(\d+)\.1", block, 1, depth)
            yield Row(rf"{theirs}\.proj_out{kind}", rf"{block}.{downs[part]}.\1")
            theirs = rf"decoders\.{level}\.level_blocks\.{part}"
            block = f"decoder.blocks.{ours}.blocks.{level - part}.blocks"
            yield Row(rf"{theirs}\.model\.0{kind}", rf"{block}.0.\1")
            yield from _units(rf"{theirs}\.model\.(\d+)\.0", block, 0, depth)
            own = rf"{block}.\1.blocks.{depth}"
            yield Row(rf"{theirs}\.model\.(\d+)\.1\.weight", f"{own}.weight", transposed)
            yield Row(rf"{theirs}\.model\.(\d+)\.1\.bias", f"{own}.bias")
        out = rf"decoder.blocks.{ours}.blocks.{level + 1}.\1"
        yield Row(rf"decoders\.{level}\.out{kind}", out)


def _units(theirs: str, block: str, first: int, depth: int) -> Iterator[Row]:
    for unit in range(depth):
        for member in (1, 3):
            yield Row(
                rf"{theirs}\.model\.{unit}\.model\.{member}\.(weight|bias)",
                rf"{block}.\1.blocks.{first + unit}.branch.blocks.{member}.\2",
            )


# ---- their names ---------------------------------------------------------------------------------

_PART = r"^({}\.\d+\.level_blocks\.\d+)"
_ENCODER, _DECODER = _PART.format("encoders"), _PART.format("decoders")


def _named(key: str) -> str:
    """Return a key of transformers as the authors have it, the encoders' last map the other way."""
    key = re.sub(r"^(bottleneck\..*)\.codebook$", r"\1.k", key)
    key = re.sub(r"\.resnet_block\.(\d+)\.conv1d_([12])\.", _unit, key)
    key = re.sub(r"\.(down|up)sample_block\.(\d+)\.", _block, key)
    key = re.sub(_DECODER + r"\.proj_in\.", r"\1.model.0.", key)
    return re.sub(_ENCODER + r"\.model\.\d+\.(weight|bias)$", r"\1.proj_out.\2", key)


def _unit(match: re.Match[str]) -> str:
    return f".model.{match[1]}.model.{2 * int(match[2]) - 1}."


def _block(match: re.Match[str]) -> str:
    number, member = divmod(int(match[2]), 2)
    return f".model.{number + (match[1] == 'up')}.{member}."


def _projections(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what takes `_named` back to the authors' keys."""
    for part, downs in enumerate(config["downs"]):
        theirs = rf"^(encoders\.\d+\.level_blocks\.{part})"
        yield theirs + r"\.proj_out\.", rf"\1.model.{downs}."


def _hub_names(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what takes `_named` back to the keys of transformers."""
    yield r"^(bottleneck\..*)\.k$", r"\1.codebook"
    yield _DECODER + r"\.model\.0\.(weight|bias)$", r"\1.proj_in.\2"
    for number in range(max(config["downs"])):
        down = rf"\1.downsample_block.{2 * number}"
        yield _ENCODER + rf"\.model\.{number}\.0\.", f"{down}."
        down, up = rf"\1.downsample_block.{2 * number + 1}", rf"\1.upsample_block.{2 * number}"
        for member, name in ((1, "conv1d_1"), (3, "conv1d_2")):
            unit, own = rf"\.model\.(\d+)\.model\.{member}\.", rf".resnet_block.\2.{name}."
            yield _ENCODER + rf"\.model\.{number}\.1" + unit, down + own
            yield _DECODER + rf"\.model\.{number + 1}\.0" + unit, up + own
        up = rf"\1.upsample_block.{2 * number + 1}"
        yield _DECODER + rf"\.model\.{number + 1}\.1\.", f"{up}."


# ---- sizes ---------------------------------------------------------------------------------------


def _sizes(shapes: Shapes) -> dict[str, Any]:
    """Return what the shapes say of a `JukeboxConfig`; LookupError where they say nothing."""
    levels = _count(shapes, r"encoders\.(\d+)\..*")
    size, latent = [shapes[f"bottleneck.level_blocks.{n}.k"] for n in range(levels)][0]
    last = rf"encoders\.{levels - 1}\.level_blocks\."
    widths = [shapes[f"encoders.{n}.level_blocks.0.model.0.0.weight"] for n in range(levels)]
    depths = [
        _count(shapes, rf"encoders\.{n}\.level_blocks\.0\.model\.0\.1\.model\.(\d+)\..*")
        for n in range(levels)
    ]
    width, depth = widths[-1][0], depths[-1]
    multipliers = tuple(each[0] // width for each in widths)
    if depths != [depth * n for n in multipliers] or any(each[2] != 4 for each in widths):
        raise ValueError(f"widths {[each[0] for each in widths]} with depths {depths}")
    return {
        "downs": tuple(_count(shapes, rf"{last}{n}\.model\.(\d+)\.0\..*") for n in range(levels)),
        "width": width,
        "depth": depth,
        "multipliers": multipliers,
        "latent": latent,
        "size": size,
    }


def _count(shapes: Shapes, pattern: str) -> int:
    return len({m[1] for key in shapes if (m := re.fullmatch(pattern, key))})


def _stated(
    config: Mapping[str, Any], stated: Mapping[str, Any], sizes: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what config.json says beside the sizes; refuse what the weights contradict."""
    levels = len(sizes["downs"])
    needed = {
        "levels": levels,
        "embed_dim": sizes["latent"],
        "nb_discrete_codes": sizes["size"],
        "multipliers": sizes["multipliers"],
        "res_conv_depth": sizes["depth"],
        "res_conv_width": sizes["width"],
        "res_convolution_multiplier": 1,
        "conv_input_shape": 1,
        "conv_res_scale": False,
        "act_fn": "relu",
        "res_downs_t": sizes["downs"],
        "res_strides_t": (2,) * levels,
    }
    check_config(stated, needed)
    if stated.get("res_dilation_cycle") is not None:
        raise ModelError("config.json asks for dilations that begin again, which vocable has not")
    found: dict[str, Any] = {}
    for name, key, value in (
        ("rate", "sampling_rate", config.get("sampling_rate")),
        ("growth", "res_dilation_growth_rate", stated.get("res_dilation_growth_rate")),
    ):
        if value is not None and (type(value) is not int or value < 1):
            raise ModelError(f"config.json says {key} {str(value)[:60]}; wanted a whole number")
        found |= {} if value is None else {name: value}
    return found


def _hub_config(config: Mapping[str, Any]) -> dict[str, Any]:
    c = config
    return {
        "model_type": "jukebox_vqvae",
        "sampling_rate": c["rate"],
        "levels": len(c["downs"]),
        "embed_dim": c["latent"],
        "nb_discrete_codes": c["size"],
        "multipliers": list(c["multipliers"]),
        "res_conv_depth": c["depth"],
        "res_conv_width": c["width"],
        "res_dilation_growth_rate": c["growth"],
        "res_downs_t": list(c["downs"]),
        "res_strides_t": [2] * len(c["downs"]),
    }


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the authors' training keeps; beside it what their code has in hparams.py."""
    stated = {"sampling_rate": config["rate"], "res_dilation_growth_rate": config["growth"]}
    return {"vqvae.pth.tar": {"model": dict(tensors)}, "config.json": stated}


FORMS = {"jukebox": Form(_steps, _files), "transformers": Form(_hub_steps, hub_files(_hub_config))}
