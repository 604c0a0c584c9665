"""TiCodec's checkpoints: what its training keeps, `g_00250000`, three state dicts side by side.

    encoder.{conv_pre,ups.N,conv_post}              the encoder's convolutions
    encoder.{resblocks,normalize}.M                 residual units of a kernel, and the norm after
    encoder.GlobalTokenEncoder.{conv,fn}.N          what finds the voice
    encoder.linear                                  not used, and left out
    quantizer.quantizer_modules{,2,3,4}.G           entries of a level, of each group of channels
    quantizer.quantizer_modules_globaltokens.G      entries of a share of the voice
    generator.{conv_pre,ups.N,resblocks.M,conv_post}    the decoder

Older files call the entries of voices quantizer_modules3, where two levels or fewer leave it free.
Sizes come from the shapes; rate, dilations and what else shapes do not say are the published ones,
or what the config.json beside the file says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vocable.codecs.keys import steps
from vocable.codecs.keys.change import filled_up
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form, parted
from vocable.codecs.keys.fused import fused_shapes
from vocable.codecs.keys.rate import with_rate
from vocable.codecs.keys.seanet import refusing
from vocable.codecs.ticodec import PUBLISHED, TiCodecConfig, stride_kernel
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.weights import Row

Shapes = Mapping[str, tuple[int, ...]]
NETWORKS = ("encoder", "quantizer", "generator")
_VOICE, _BOOKS = "encoder.GlobalTokenEncoder.", "quantizer.quantizer_modules"
_NEW, _OLD = f"{_BOOKS}_globaltokens", f"{_BOOKS}3"  # of voices
_LEVELS = ("", "2", "3", "4")  # of residuals, in order
_COUNTED = f"{_VOICE}fn.2.num_batches_tracked"
_NORMED = r"(encoder|generator)\.(conv_pre|ups\.\d+|resblocks\..+)|generator\.conv_post"
_UNUSED = r"encoder\.linear\.0\.(weight|bias)"
_DILATIONS = "resblock_dilation_sizes"


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return what a checkpoint of TiCodec holds, None for another's.

    Raises ModelError for one without voices or without one of its networks, where the parts make no
    TiCodec, and where nothing says the rate.
    """
    shapes = fused_shapes(checkpoint.shapes)
    if "encoder.normalize.0.weight" not in shapes:
        return None
    _check_whole(checkpoint, shapes)
    with refusing("weights of such shapes make no TiCodec"):
        sizes = _sizes(shapes)
        dilations = _dilations(checkpoint.config, shapes, len(sizes["kernels"]))
        _check_stated(checkpoint.config, sizes)
    stated = checkpoint.config.get("sampling_rate")
    name, config = with_rate("TiCodec", PUBLISHED, sizes | dilations, stated, checkpoint.path)
    return Recognised(name, "ticodec", "ticodec", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.ticodec`, weight norm fused.

    Raises ModelError for a key that is not TiCodec's.
    """
    return steps.read(_steps(recognised.config), checkpoint.tensors())


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    renamed = steps.Names(partial(_newer, config["residuals"]))
    counted = steps.Aside(re.escape(_COUNTED), _none_counted)
    unused = steps.Aside(_UNUSED, partial(_zeros, config["voice"]))
    table = steps.Table(tuple(_rows(TiCodecConfig(**config))))
    return [renamed, counted, unused, steps.WeightNorm(_NORMED), table]


# ---- keys ---------------------------------------------------------------------------------------


def _newer(residuals: int, key: str) -> str:
    """Return a key as newer files have it."""
    return key.replace(f"{_OLD}.", f"{_NEW}.") if residuals < 3 else key


def _rows(c: TiCodecConfig) -> Iterator[Row]:
    yield from _encoder_rows(c)
    yield from _decoder_rows(c)
    for number, level in enumerate(_LEVELS):
        book = rf"quantizer.parts.\1.stack.{number}.codebook.entries"
        yield Row(rf"quantizer\.quantizer_modules{level}\.(\d+)\.embedding\.weight", book)
    voices = r"quantizer\.quantizer_modules_globaltokens\.(\d+)\.embedding\.weight"
    yield Row(voices, r"side_encoder.books.\1.entries")
    theirs = re.escape(_VOICE)
    yield Row(theirs + r"conv\.(\d)\.weight", r"side_encoder.rows.blocks.\1.weight")
    yield Row(theirs + r"fn\.0\.(weight|bias)", r"side_encoder.out.blocks.0.\1")
    yield Row(theirs + r"fn\.2\.(weight|bias)", r"side_encoder.out.blocks.2.\1")
    yield Row(theirs + r"fn\.2\.running_(mean|var)", r"side_encoder.out.blocks.2.\1")


def _encoder_rows(c: TiCodecConfig) -> Iterator[Row]:
    yield Row(r"encoder\.conv_pre\.(weight|bias)", r"encoder.blocks.0.blocks.0.\1")
    last = f"encoder.blocks.1.blocks.{len(c.strides) - c.half + 1}"
    yield Row(r"encoder\.conv_post\.(weight|bias)", rf"{last}.\1")
    for stage in range(len(c.strides)):
        half, number = (0, stage + 1) if stage < c.half else (1, stage - c.half)
        own = f"encoder.blocks.{half}.blocks.{number}.blocks"
        yield Row(rf"encoder\.ups\.{stage}\.(weight|bias)", rf"{own}.1.\1")
        for kernel in range(len(c.kernels)):
            place = stage * len(c.kernels) + kernel
            norm = rf"encoder\.normalize\.{place}\.(weight|bias)"
            yield Row(norm, rf"{own}.2.norms.{kernel}.\1")
            yield from _unit_rows("encoder", place, f"{own}.2.blocks.{kernel}")


def _decoder_rows(c: TiCodecConfig) -> Iterator[Row]:
    strides = c.decoder_strides or c.strides[::-1]
    told = (c.decoder_channels // c.voice).bit_length() - 1  # stages before the voice is added
    yield Row(r"generator\.conv_pre\.(weight|bias)", r"decoder.before.blocks.0.\1")
    last = f"decoder.after.blocks.{len(strides) - told + 1}"
    yield Row(r"generator\.conv_post\.(weight|bias)", rf"{last}.\1")
    for stage, stride in enumerate(strides):
        half, number = ("before", stage + 1) if stage < told else ("after", stage - told)
        own = f"decoder.{half}.blocks.{number}.blocks"
        turned = partial(filled_up, stride=stride, kernel=stride_kernel(stride))
        yield Row(rf"generator\.ups\.{stage}\.weight", f"{own}.1.weight", turned)
        yield Row(rf"generator\.ups\.{stage}\.bias", f"{own}.1.bias")
        for kernel in range(len(c.kernels)):
            place = stage * len(c.kernels) + kernel
            yield from _unit_rows("generator", place, f"{own}.2.blocks.{kernel}")


def _unit_rows(network: str, place: int, ours: str) -> Iterator[Row]:
    for convs, layer in (("convs1", 1), ("convs2", 3)):
        theirs = rf"{network}\.resblocks\.{place}\.{convs}\.(\d+)\.(weight|bias)"
        yield Row(theirs, rf"{ours}.blocks.\1.branch.blocks.{layer}.\2")


# ---- sizes --------------------------------------------------------------------------------------


def _check_whole(checkpoint: Checkpoint, shapes: Shapes) -> None:
    for network in NETWORKS:
        if not any(key.startswith(f"{network}.") for key in shapes):
            raise ModelError(
                f"{checkpoint.path} is a TiCodec or HiFi-Codec without its {network}; take the "
                f"file that holds {', '.join(NETWORKS)}"
            )
    if not any(key.startswith(_VOICE) for key in shapes):
        raise ModelError(
            f"{checkpoint.path} is HiFi-Codec, which finds no voices; vocable reads TiCodec, which "
            "was made of it"
        )
    if "generator.resblocks.0.convs.0.weight" in shapes:
        raise ModelError(
            f"{checkpoint.path} has HiFi-GAN's second kind of residual block; vocable has the first"
        )


def _sizes(shapes: Shapes) -> dict[str, Any]:
    """Return what shapes say of a `TiCodecConfig`; LookupError, ValueError where they say none."""
    stages = _count(shapes, r"encoder\.ups\.(\d+)\.weight")
    strides = tuple(shapes[f"encoder.ups.{n}.weight"][2] // 2 for n in range(stages))
    ups = _count(shapes, r"generator\.ups\.(\d+)\.weight")
    decoder_strides = tuple(shapes[f"generator.ups.{n}.weight"][2] // 2 for n in range(ups))
    blocks = _count(shapes, r"generator\.resblocks\.(\d+)\.convs1\.0\.weight")
    if not ups or blocks % ups or min(strides + decoder_strides) < 1:
        raise ValueError(f"strides {strides}, {decoder_strides}, {blocks} residual blocks")
    kernels = tuple(
        shapes[f"generator.resblocks.{n}.convs1.0.weight"][2] for n in range(blocks // ups)
    )
    levels = [level for level in _LEVELS if _groups(shapes, f"{_BOOKS}{level}")]
    voices = _NEW
    if not _groups(shapes, _NEW) and "4" not in levels:
        voices = _OLD
        levels = [level for level in levels if level != "3"]
    if not _groups(shapes, voices):
        raise LookupError(voices)
    hidden, _, voice_kernel = shapes[f"{_VOICE}conv.0.weight"]
    return {
        "encoder_channels": shapes["encoder.conv_pre.weight"][0],
        "strides": strides,
        "decoder_strides": () if decoder_strides == strides[::-1] else decoder_strides,
        "kernels": kernels,
        "latent": shapes["encoder.conv_post.weight"][0],
        "decoder_channels": shapes["generator.conv_pre.weight"][0],
        "groups": _groups(shapes, _BOOKS),
        "residuals": len(levels),
        "size": shapes[f"{_BOOKS}.0.embedding.weight"][0],
        "voice": shapes[f"{_VOICE}fn.0.weight"][0],
        "voice_hidden": hidden,
        "voice_kernel": voice_kernel,
        "voice_groups": _groups(shapes, voices),
    }


def _groups(shapes: Shapes, books: str) -> int:
    return _count(shapes, rf"{re.escape(books)}\.(\d+)\.embedding\.weight")


def _count(shapes: Shapes, pattern: str) -> int:
    """Return one more than the largest number that keys have at a place; 0 without such keys."""
    numbers = (int(match[1]) for key in shapes if (match := re.fullmatch(pattern, key)))
    return max(numbers, default=-1) + 1


def _dilations(stated: Mapping[str, Any], shapes: Shapes, kernels: int) -> dict[str, Any]:
    """Return those that the config says, else the published ones."""
    units = _count(shapes, r"generator\.resblocks\.0\.convs1\.(\d+)\.weight")
    given = stated.get(_DILATIONS, [list(TiCodecConfig().dilations)] * kernels)
    if len({tuple(each) for each in given}) != 1 or len(given[0]) != units:
        raise ValueError(f"{_DILATIONS} {given} for {units} units each, all of which are alike")
    return {"dilations": tuple(given[0])}


def _check_stated(stated: Mapping[str, Any], sizes: Mapping[str, Any]) -> None:
    needed = _stated(replace(TiCodecConfig(), **sizes))
    check_config(stated, {k: tuple(v) if isinstance(v, list) else v for k, v in needed.items()})


def _stated(c: TiCodecConfig) -> dict[str, Any]:
    """Return what a config.json says of the sizes, but for dilations and rate."""
    strides = list(c.decoder_strides or c.strides[::-1])
    middle = c.encoder_channels * 2**c.half
    return {
        "resblock": "1",
        "upsample_rates": strides,
        "upsample_kernel_sizes": [stride_kernel(stride) for stride in strides],
        "upsample_initial_channel": c.decoder_channels,
        "resblock_kernel_sizes": list(c.kernels),
        "n_code_groups": c.groups,
        "residul_layer": c.residuals,
        "n_codes": c.size,
        "global_code_num": c.voice_groups,
        "global_feature_conv": [middle, c.voice_hidden, c.voice, c.voice_kernel, 1],
    }


# ---- what is written ----------------------------------------------------------------------------


def _none_counted(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {_COUNTED: torch.tensor(0)}


def _zeros(voice: int, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    names = {"weight": (voice, voice), "bias": (voice,)}
    return {f"encoder.linear.0.{name}": torch.zeros(shape) for name, shape in names.items()}


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what their training keeps, and the config that makes their networks."""
    c = TiCodecConfig(**config)
    about = {
        **_stated(c),
        _DILATIONS: [list(c.dilations)] * len(c.kernels),
        "sampling_rate": c.rate,
        "codebook_loss_lambda": 1.0,
        "commitment_loss_lambda": 0.25,
    }
    return {"ticodec.pt": parted(tensors), "config.json": about}


FORMS = {"ticodec": Form(_steps, _files)}
