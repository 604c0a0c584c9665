"""Checkpoints of MOSS-Audio-Tokenizer: a folder of safetensors, and a config.json that says all.

    {encoder,decoder}.N.input_proj, .output_proj         maps of a stage, where widths differ
    {encoder,decoder}.N.transformer.layers.L.…           its layers
    quantizer.{input_proj,output_proj}                   maps around the quantizer, weight-normed
    quantizer.quantizers.L.{in_proj,out_proj,codebook}   a level

N counts patches, too, which have no weights. The first one writes `self_attn.in_projs.0`, `linear1`
and `linear2` where the others have `self_attn.in_proj`, `ffn.0` and `ffn.2`; what is written has
the names of the first one, which the code of the others reads. A head's channels turn as
neighbours, ours as halves: rows of queries and keys are put in our order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from torch import Tensor

from vocable.codecs.keys import seanet, steps
from vocable.codecs.keys.change import in_halves, pointwise
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised, published_name
from vocable.codecs.keys.form import Form, all_equal, hub_files
from vocable.codecs.keys.fused import fused_shapes
from vocable.codecs.keys.seanet import Shapes
from vocable.codecs.moss import PUBLISHED
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.weights import Row

_RENAMED: steps.Pairs = (
    (r"\.self_attn\.(in|out)_projs\.0\.", r".self_attn.\1_proj."),
    (r"\.linear1\.", ".ffn.0."),
    (r"\.linear2\.", ".ffn.2."),
)
_LAYERS = r"{}\.(\d+)\.transformer\.layers\.\d+\.self_attn\.in_proj\.weight"
_BOOK = re.compile(r"quantizer\.quantizers\.(\d+)\.codebook\.weight")
_PATCH = "PatchedPretransform"
_KINDS = ("rlfq", "random_prefix_rlfq")  # of quantizers that search by angle, as DAC's does
_FIXED = {"causal": True, "norm": "layer_norm", "positional_embedding": "rope", "gating": "none"}


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which of them a checkpoint is, or None if it is of another family.

    Raises ModelError without its config.json, and where that says something else than the weights.
    """
    shapes = {_named(key): shape for key, shape in fused_shapes(checkpoint.shapes).items()}
    if not (_modules(shapes, "encoder") and "quantizer.input_proj.weight" in shapes):
        return None
    if not checkpoint.config:
        raise ModelError(
            "checkpoint has the keys of MOSS-Audio-Tokenizer and does not say its patches, heads "
            "and contexts; put its config.json beside it"
        )
    with seanet.refusing("config.json does not describe a MOSS-Audio-Tokenizer"):
        config = _config(checkpoint.config, shapes)
    return Recognised(published_name(PUBLISHED, config, "moss"), "moss", "moss", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.moss`.

    Raises ModelError for a key that is not one of MOSS-Audio-Tokenizer's.
    """
    return steps.read(_steps(recognised.config), checkpoint.tensors())


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    rows = list(_quantizer_rows())
    for side, first in (("encoder", 1), ("decoder", config["patch"] > 1)):
        for number, stage in enumerate(config[side]):
            rows += _stage_rows(side, 2 * number + first, number, stage["heads"])
    return [
        steps.Names(_named, _BACK),
        steps.WeightNorm(r"quantizer\..*_proj", parametrised=True),
        steps.Table(tuple(rows)),
    ]


def _named(key: str) -> str:
    """Return a key as those after the first one have it."""
    return steps.substituted(key, _RENAMED)


def _modules(shapes: Shapes, side: str) -> list[int]:
    """Return the numbers of the modules of a side that have layers, in order."""
    pattern = re.compile(_LAYERS.format(side))
    return sorted({int(match[1]) for key in shapes if (match := pattern.fullmatch(key))})


# ---- keys ---------------------------------------------------------------------------------------


def _quantizer_rows() -> Iterator[Row]:
    for theirs, ours in (("input_proj", "encoder.blocks.3"), ("output_proj", "decoder.blocks.0")):
        yield Row(rf"quantizer\.{theirs}\.weight", f"{ours}.weight", pointwise)
        yield Row(rf"quantizer\.{theirs}\.bias", f"{ours}.bias")
    level, book = r"quantizer\.quantizers\.(\d+)\.", r"quantizer.stack.\1.codebook."
    yield Row(level + r"codebook\.weight", book + "entries")
    for theirs, ours in (("in_proj", "down"), ("out_proj", "up")):
        yield Row(rf"{level}{theirs}\.weight", f"{book}{ours}.weight", pointwise)
        yield Row(rf"{level}{theirs}\.bias", f"{book}{ours}.bias")


def _stage_rows(side: str, module: int, number: int, heads: int) -> Iterator[Row]:
    """Yield what becomes of the keys of a stage: `module` there, `number` here."""
    at, trunk = (1, 1) if side == "encoder" else (2, 0)
    ours = f"{side}.blocks.{at}.blocks.{number}.blocks.{trunk}.blocks."
    theirs = rf"{side}\.{module}\."
    layer, own = theirs + r"transformer\.layers\.(\d+)\.", ours + r"1.blocks.\1.blocks."
    turned = partial(in_halves, heads=heads)
    yield Row(theirs + r"input_proj\.weight", ours + "0.blocks.0.weight")
    yield Row(theirs + r"output_proj\.weight", ours + "2.blocks.0.weight")
    yield Row(layer + r"norm1\.(weight|bias)", own + r"0.branch.blocks.0.\2")
    yield Row(layer + r"self_attn\.in_proj\.weight", own + "0.branch.blocks.1.into.weight", turned)
    yield Row(layer + r"self_attn\.out_proj\.weight", own + "0.branch.blocks.1.out.weight")
    yield Row(layer + r"layer_scale_1\.scale", own + "0.branch.blocks.2.weight")
    yield Row(layer + r"norm2\.(weight|bias)", own + r"1.branch.blocks.0.\2")
    yield Row(layer + r"ffn\.0\.weight", own + "1.branch.blocks.1.weight")
    yield Row(layer + r"ffn\.2\.weight", own + "1.branch.blocks.3.weight")
    yield Row(layer + r"layer_scale_2\.scale", own + "1.branch.blocks.4.weight")


# ---- sizes --------------------------------------------------------------------------------------


def _config(config: Mapping[str, Any], shapes: Shapes) -> dict[str, Any]:
    """Return the values of a `MossConfig`; refuse what the weights contradict."""
    rate = config.get("sampling_rate", config.get("sample_rate"))
    if type(rate) is not int or rate < 1:
        raise ModelError(f"config.json says sampling_rate {str(rate)[:60]}; wanted whole Hz")
    channels, sizes = _channels(config), _quantizer(config, shapes)
    check_config(config, {"sample_rate": rate})
    for side in ("encoder", "decoder"):
        stages, patch = _stages(config, side, rate * channels)
        numbers = _modules(shapes, side)
        if len(stages) != len(numbers):
            raise ModelError(
                f"config.json says {len(stages)} stages of the {side} where the weights have "
                f"{len(numbers)}; fetch both from one place"
            )
        for stage, number in zip(stages, numbers, strict=True):
            stage["map_in"] = f"{side}.{number}.input_proj.weight" in shapes
            stage["map_out"] = f"{side}.{number}.output_proj.weight" in shapes
        sizes |= {side: tuple(stages), "patch": patch}
    return {"rate": rate, "channels": channels} | sizes


def _channels(config: Mapping[str, Any]) -> int:
    """Return how many channels come in turn: as many as the patches hold frames."""
    patches = (m["patch_size"] for m in config["encoder_kwargs"] if m["module_type"] == _PATCH)
    channels: int = math.prod(patches) // config["downsample_rate"]
    given = {"number_channels": channels}
    check_config(config, given | ({"enable_channel_interleave": True} if channels > 1 else {}))
    return channels


def _stages(config: Mapping[str, Any], side: str, rate: float) -> tuple[list[dict[str, Any]], int]:
    """Return the stages of a side, in order, and how many rows of the deepest make a frame.

    rate: of samples of all channels, in Hz. Seen from the sound, there is a patch before each
    stage, and perhaps one behind the deepest.
    """
    modules = config[f"{side}_kwargs"][:: 1 if side == "encoder" else -1]
    patches, layers = modules[::2], modules[1::2]
    wanted = ([_PATCH, "Transformer"] * len(patches))[: len(modules)]
    if [module["module_type"] for module in modules] != wanted:
        raise ModelError(
            f"config.json says {side}_kwargs in which patches and layers do not take turns"
        )
    stages = []
    for patch, each in zip(patches, layers, strict=False):
        rate /= patch["patch_size"]
        seconds = each.get(
            "context_duration", config.get("causal_transformer_context_duration", 10)
        )
        check_config(each, _FIXED)
        stages.append(
            {
                "patch": patch["patch_size"],
                "out": each["output_dimension"],
                "context": round(rate * seconds),
                "width": each["d_model"],
                "heads": each["num_heads"],
                "layers": each["num_layers"],
                "hidden": each["dim_feedforward"],
                "base": float(each.get("max_period", 10_000)),
            }
        )
    deepest = patches[-1]["patch_size"] if len(patches) > len(layers) else 1
    return stages[:: 1 if side == "encoder" else -1], deepest


def _quantizer(config: Mapping[str, Any], shapes: Shapes) -> dict[str, Any]:
    """Return the sizes of the quantizer."""
    code, latent = shapes["quantizer.input_proj.weight"][:2]
    numbers = (match[1] for key in shapes if (match := _BOOK.fullmatch(key)))
    books = [shapes[f"quantizer.quantizers.{n}.codebook.weight"] for n in sorted(map(int, numbers))]
    given = config["quantizer_kwargs"]
    kind = given.get("quantizer_type", config.get("quantizer_type", _KINDS[0]))
    if kind not in _KINDS:
        raise ModelError(
            f"config.json says quantizer_type {str(kind)[:60]}; of these, vocable reads "
            f"{' and '.join(_KINDS)}"
        )
    needed = {
        "input_dim": latent,
        "rvq_dim": code,
        "output_dim": latent,
        "num_quantizers": len(books),
        "codebook_size": books[0][0],
        "codebook_dim": books[0][1],
    }
    check_config(given, needed)
    return {
        "latent": latent,
        "code": code,
        "sizes": tuple(size for size, _ in books),
        "code_width": books[0][1],
    }


# ---- what is written ----------------------------------------------------------------------------

_BACK: steps.Pairs = (
    (r"\.self_attn\.(in|out)_proj\.", r".self_attn.\1_projs.0."),
    (r"\.ffn\.0\.", ".linear1."),
    (r"\.ffn\.2\.", ".linear2."),
)


def _about(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config.json."""
    c = config
    sides = {f"{side}_kwargs": _kwargs(c, side) for side in ("encoder", "decoder")}
    patches = [stage["patch"] for stage in c["encoder"]]
    return {
        "model_type": "moss-audio-tokenizer",
        "sampling_rate": c["rate"],
        "downsample_rate": math.prod(patches) * c["patch"] // c["channels"],
        "number_channels": c["channels"],
        "enable_channel_interleave": c["channels"] > 1,
        **sides,
        "quantizer_kwargs": {
            "input_dim": c["latent"],
            "rvq_dim": c["code"],
            "output_dim": c["latent"],
            "num_quantizers": len(c["sizes"]),
            "codebook_size": all_equal(c["sizes"], "entries of a level"),
            "codebook_dim": c["code_width"],
            "quantizer_type": _KINDS[0],
        },
    }


def _kwargs(config: Mapping[str, Any], side: str) -> list[dict[str, Any]]:
    """Return the modules of a side, in order: seen from the sound, a patch before each stage."""
    order = 1 if side == "encoder" else -1
    stages = [*zip(config[side], _inputs(config, side), strict=True)]
    rate, modules = config["rate"] * config["channels"], list[dict[str, Any]]()
    for stage, channels in stages[::order]:
        rate /= stage["patch"]
        modules += [_patch(stage["patch"]), _layers(stage, channels, rate)]
    if config["patch"] > 1:
        modules.append(_patch(config["patch"]))
    return modules[::order]


def _inputs(config: Mapping[str, Any], side: str) -> list[int]:
    """Return how many channels come into each stage."""
    stages = config[side]
    outs = [stage["out"] for stage in stages]
    if side == "encoder":
        return [out * stage["patch"] for out, stage in zip((1, *outs), stages, strict=False)]
    behind = [out // stage["patch"] for out, stage in zip(outs, stages, strict=True)]
    return [config["latent"] // config["patch"], *behind[:-1]]


def _patch(size: int) -> dict[str, Any]:
    return {"module_type": _PATCH, "patch_size": size}


def _layers(stage: Mapping[str, Any], channels: int, rate: float) -> dict[str, Any]:
    return {
        "module_type": "Transformer",
        "input_dimension": channels,
        "output_dimension": stage["out"],
        "d_model": stage["width"],
        "num_heads": stage["heads"],
        "num_layers": stage["layers"],
        "dim_feedforward": stage["hidden"],
        "max_period": stage["base"],
        "context_duration": stage["context"] / rate,
        "layer_scale": 0.01,
        "conv_layout": True,
        **_FIXED,
    }


FORMS = {"moss": Form(_steps, hub_files(_about))}
