"""Checkpoints of unit vocoders: fairseq's, those of speech-resynthesis, transformers' SeamlessM4T.

    fairseq, speech-resynthesis     {"generator": {"dict.weight", "ups.N.…", …}}, config.json beside
    transformers                    unit_embedding.weight, hifi_gan.upsampler.N.…; in a whole model
                                    behind "vocoder."

by the contract of codecs/keys/checkpoint.py. What shapes do not say, the rates of the stages and
the dilations, the config does; where there is none, those of the paper hold. transformers has a row
as language, unit, speaker, which is another order of the first convolution's channels. The
quantizer of pitch that speech-resynthesis keeps beside its tables is left out: a vocoder is told
bins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vocable.codecs.keys import seanet
from vocable.codecs.keys.change import filled_up
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.weights import Row, fuse_weight_norm, rename

_PREFIX = re.compile(r"(?:vocoder|generator)\.")
_NORM = re.compile(r"(.+)\.(?:weight_([gv])|parametrizations\.weight\.original([01]))")
# transformers' names -> those of fairseq
_RENAMED = (
    (r"^unit_embedding\.", "dict."),
    (r"^speaker_embedding\.", "spkr."),
    (r"^language_embedding\.", "lang."),
    (r"^hifi_gan\.upsampler\.", "ups."),
    (r"^hifi_gan\.", ""),
    (r"^dur_predictor\.conv([12])\.(weight|bias)$", r"dur_predictor.conv\1.0.\2"),
    (r"^f0_dict\.", "f0_quant_embed."),
)
_OTHERS = re.compile(  # of a whole SeamlessM4T
    r"(?:shared|text_encoder|speech_encoder|text_decoder|t2u_model|lm_head)\..+"
)
_USUAL_RATES = {(11, 8, 8, 4, 4): (5, 4, 4, 2, 2)}
_USUAL_DILATIONS = (1, 3, 5)
_PREDICTOR = {"conv1.0": 0, "ln1": 2, "conv2.0": 3, "ln2": 5, "proj": 6}

Shapes = Mapping[str, tuple[int, ...]]


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which vocoder a checkpoint is, or None if it is of another family.

    ModelError for one whose stages cannot be known, and for settings that say something else than
    its weights.
    """
    shapes = _own(_plain(checkpoint.shapes))
    if not {"dict.weight", "conv_pre.weight", "conv_post.weight"} <= shapes.keys():
        return None
    hub = any(key.endswith("unit_embedding.weight") for key in checkpoint.shapes)
    if "resblocks.0.convs.0.weight" in shapes:
        raise ModelError("it has HiFi-GAN's second kind of residual block; vocable has the first")
    with seanet.refusing("weights of such shapes make no vocoder of units"):
        config = _sizes(shapes, checkpoint.config, hub)
    resynthesis = any(key.startswith(("f0_dict.", "quantizer.")) for key in checkpoint.shapes)
    layout = "transformers" if hub else "speech-resynthesis" if resynthesis else "fairseq"
    return Recognised(f"unit-hifigan-{config['units']}", layout, "unit-hifigan", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `UnitHifiGan`."""
    tensors = fuse_weight_norm(_own(checkpoint.tensors()))
    config = recognised.config
    if recognised.layout == "transformers":
        width = tensors["lang.weight"].shape[1]
        first = tensors["conv_pre.weight"]
        tensors["conv_pre.weight"] = torch.cat([first[:, width:], first[:, :width]], 1)
    return rename(tensors, list(_rows(config)))


def _own(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is the vocoder's, by fairseq's names."""
    whole = any(key.startswith("vocoder.") for key in tensors)
    found = {}
    for key, value in tensors.items():
        if whole and _OTHERS.fullmatch(key):
            continue
        key = _PREFIX.sub("", key, count=1) if _PREFIX.match(key) else key
        for pattern, instead in _RENAMED:
            key = re.sub(pattern, instead, key)
        found[key] = value
    return found


def _plain(shapes: Shapes) -> dict[str, tuple[int, ...]]:
    """Return shapes as they are once weight norm is fused."""
    found = {}
    for key, shape in shapes.items():
        if match := _NORM.fullmatch(key):
            if match[2] == "v" or match[3] == "1":
                found[f"{match[1]}.weight"] = shape
        else:
            found[key] = shape
    return found


def _rows(config: Mapping[str, Any]) -> Iterator[Row]:
    """Yield what becomes of each key, by fairseq's names."""
    stages, blocks = len(config["rates"]), len(config["block_kernels"])
    yield Row(r"dict\.weight", "units.weight")
    yield Row(r"f0_quant_embed\.weight", "pitch.weight")
    yield Row(r"spkr\.(weight|bias)", r"speaker.\1")
    yield Row(r"lang\.weight", "language.weight")
    yield Row(r"conv_pre\.(weight|bias)", r"generator.blocks.0.\1")
    yield Row(r"conv_post\.(weight|bias)", rf"generator.blocks.{stages + 2}.\1")
    for i, (rate, kernel) in enumerate(zip(config["rates"], config["kernels"], strict=True)):
        stage = f"generator.blocks.{1 + i}.blocks"
        turned = partial(filled_up, stride=rate, kernel=kernel)
        yield Row(rf"ups\.{i}\.weight", f"{stage}.1.weight", turned)
        yield Row(rf"ups\.{i}\.bias", f"{stage}.1.bias")
        for j in range(blocks):
            block, own = rf"resblocks\.{blocks * i + j}", f"{stage}.2.blocks.{j}.blocks"
            for convs, place in (("convs1", 1), ("convs2", 3)):
                yield Row(
                    rf"{block}\.{convs}\.(\d+)\.(weight|bias)",
                    rf"{own}.\1.branch.blocks.{place}.\2",
                )
    for theirs, place in _PREDICTOR.items():
        name = re.escape(theirs)
        yield Row(rf"dur_predictor\.{name}\.(weight|bias)", rf"durations.layers.blocks.{place}.\1")
    yield Row(r"quantizer\..+", None)


def _sizes(shapes: Shapes, stated: Mapping[str, Any], hub: bool) -> dict[str, Any]:
    """Return the values of a `UnitHifiGanConfig`."""
    units, width = shapes["dict.weight"]
    channels, channels_in, _ = shapes["conv_pre.weight"]
    kernels = tuple(shapes[f"ups.{i}.weight"][2] for i in range(_count(shapes, r"ups\.(\d+)\.")))
    blocks = _count(shapes, r"resblocks\.(\d+)\.") // len(kernels)
    block_kernels = tuple(shapes[f"resblocks.{j}.convs1.0.weight"][2] for j in range(blocks))
    units_in_block = _count(shapes, r"resblocks\.0\.convs1\.(\d+)\.")
    rates, dilations = _rates(stated, kernels), _dilations(stated, blocks, units_in_block)
    names = ("unit_hifi_gan_vocab_size", "unit_embed_dim") if hub else (
        "num_embeddings", "embedding_dim")  # fmt: skip
    check_config(
        stated,
        {names[0]: units, names[1]: width, "upsample_initial_channel": channels, "resblock": "1",
         "upsample_kernel_sizes": kernels, "resblock_kernel_sizes": block_kernels},
    )  # fmt: skip
    config = {
        "units": units, "unit_width": width, "channels": channels, "rates": rates,
        "kernels": kernels, "block_kernels": block_kernels, "dilations": dilations,
        "slope": float(stated.get("leaky_relu_slope", 0.1)),
        "rate": int(stated.get("sampling_rate") or 16_000),
        "durations": _durations(shapes, stated, hub),
        **_tables(shapes),
    }  # fmt: skip
    rest = channels_in - width - _voicing_width(config)
    if rest == 1:
        config["pitch_value"] = True
    elif rest:
        raise ModelError(
            f"its first convolution has {channels_in} channels, {rest} more than its tables of "
            "units, pitch and speakers; vocable knows no others"
        )
    return config


def _tables(shapes: Shapes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "spkr.bias" in shapes:
        found["speaker_width"], found["speaker_vector"] = shapes["spkr.weight"]
    elif "spkr.weight" in shapes:
        found["speakers"], found["speaker_width"] = shapes["spkr.weight"]
    if "lang.weight" in shapes:
        found["languages"], found["language_width"] = shapes["lang.weight"]
    if "f0_quant_embed.weight" in shapes:
        found["pitch_bins"], found["pitch_width"] = shapes["f0_quant_embed.weight"]
    return found


def _voicing_width(config: Mapping[str, Any]) -> int:
    names = ("speaker_width", "language_width", "pitch_width")
    return sum(int(config.get(name, 0)) for name in names)


def _durations(shapes: Shapes, stated: Mapping[str, Any], hub: bool) -> dict[str, Any] | None:
    if "dur_predictor.conv1.0.weight" not in shapes:
        return None
    width, _, kernel = shapes["dur_predictor.conv1.0.weight"]
    more = stated if hub else stated.get("dur_predictor_params") or {}
    dropout = float(more.get("var_pred_dropout", 0.5))
    rule = "expm1" if hub else "exp"
    return {"width": width, "kernel": kernel, "dropout": dropout, "rule": rule}


def _rates(stated: Mapping[str, Any], kernels: tuple[int, ...]) -> tuple[int, ...]:
    given = stated.get("upsample_rates")
    if given is None and kernels in _USUAL_RATES:
        return _USUAL_RATES[kernels]
    if not isinstance(given, list) or len(given) != len(kernels):
        raise ModelError(
            f"its stages have the kernels {', '.join(map(str, kernels))}, which do not say their "
            "rates; put the config.json that it was published with beside it"
        )
    return tuple(int(rate) for rate in given)


def _dilations(stated: Mapping[str, Any], blocks: int, units: int) -> tuple[tuple[int, ...], ...]:
    given = stated.get("resblock_dilation_sizes") or [list(_USUAL_DILATIONS)] * blocks
    found = tuple(tuple(int(each) for each in row) for row in given)
    if len(found) != blocks or any(len(row) != units for row in found):
        raise ModelError(
            f"it has {blocks} residual blocks of {units} dilations a stage, and {found} are "
            "stated; fetch weights and config.json from one place"
        )
    return found


def _count(shapes: Shapes, pattern: str) -> int:
    """Return how many numbers keys have at a place, which must be 0, 1, 2 …"""
    found = {int(match[1]) for key in shapes if (match := re.match(pattern, key))}
    if not found or found != set(range(len(found))):
        raise ModelError(f"checkpoint lacks some of {pattern}; fetch it again")
    return len(found)
