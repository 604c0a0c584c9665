"""NanoCodec's checkpoint: an archive of NVIDIA NeMo's, whose config says the sizes (nemo.py).

    audio_encoder.{pre_conv,post_conv}                     the convolutions at the ends
    audio_encoder.res_layers.N.res_blocks.K.res_blocks.D   unit D of kernel K at stride N
    audio_encoder.down_sample_conv_layers.N                the strided convolutions
    audio_decoder.…                                        likewise; up_sample_conv_layers.N
    audio_decoder.….snake_act.alpha                        of the first half of the channels
    vector_quantizer.fsqs.N.{dim_base_index,num_levels}    what the config says once more

NeMo makes other codecs of the same parts; those that its config does not make NanoCodecs are
refused by what differs. Discriminators and losses are left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from vocable.codecs.keys import steps
from vocable.codecs.keys.change import per_channel, transposed
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form
from vocable.codecs.keys.seanet import refusing
from vocable.codecs.nanocodec import PUBLISHED, NanoCodecConfig
from vocable.errors import ModelError
from vocable.weights import Row

_MODEL = ("audio_encoder.", "audio_decoder.")
_DOWN, _UP = (
    f"audio_{part}_sample_conv_layers.0.conv.bias" for part in ("encoder.down", "decoder.up")
)
_LEVELS = "vector_quantizer.fsqs."
_KERNELS, _DILATIONS = "resblock_kernel_sizes", "resblock_dilation_sizes"
# what makes one of NeMo's codecs a NanoCodec, and what NeMo takes where its config is silent
_NEEDED: dict[str, dict[str, Any]] = {
    "audio_encoder": {"_target_": "HiFiGANEncoder", "activation": "lrelu", "pad_mode": "replicate"},
    "audio_decoder": {
        "_target_": "CausalHiFiGANDecoder",
        "activation": "half_snake",
        "output_activation": "clamp",
        "pad_mode": "zeros",
        "n_groups_equal_to_out_channels": True,
    },
    "vector_quantizer": {"_target_": "GroupFiniteScalarQuantizer"},
}
_SILENT: dict[str, dict[str, Any]] = {
    "audio_encoder": {"activation": "lrelu", "pad_mode": "reflect"},
    "audio_decoder": {
        "activation": "lrelu",
        "output_activation": "tanh",
        "pad_mode": "zeros",
        "n_groups_equal_to_out_channels": True,
    },
    "vector_quantizer": {},
}


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which NanoCodec a checkpoint is, or None if it is of another family.

    Raises ModelError for another of NeMo's codecs, and for weights without the archive's config.
    """
    if not {_DOWN, _UP} <= checkpoint.shapes.keys():
        return None
    settings = checkpoint.stated.get("model_config")
    if not isinstance(settings, Mapping):
        raise ModelError(
            f"{checkpoint.path} has the weights of a codec of NeMo's without its config; take the "
            ".nemo archive itself"
        )
    with refusing("what its config states makes no NanoCodec"):
        parts = {name: _checked(settings, name) for name in _NEEDED}
        config = _config(settings, **parts)
    for make in PUBLISHED:
        if make() == config:
            return Recognised(make.__name__, "nanocodec", "nanocodec", asdict(config))
    return Recognised("nanocodec", "nanocodec", "nanocodec", asdict(config))


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.nanocodec`, weight norm fused.

    Raises ModelError for levels that are not those of the config.
    """
    return steps.read(_steps(recognised.config), checkpoint.tensors())


@dataclass(frozen=True)
class Numbers:
    """What the weights say once more of the levels: it must be what the config says."""

    groups: int
    each: tuple[int, ...]

    def read(self, tensors: steps.Tensors) -> dict[str, Tensor]:
        """Leave it out, once it is checked."""
        for number in range(self.groups):
            key = f"{_LEVELS}{number}.num_levels"
            if key not in tensors or tensors[key].flatten().tolist() != list(self.each):
                raise ModelError(
                    f"checkpoint lacks {key} of {list(self.each)}, as its config says; fetch it "
                    "again"
                )
        return {key: value for key, value in tensors.items() if not key.startswith(_LEVELS)}

    def write(self, tensors: steps.Tensors, model: nn.Module) -> dict[str, Tensor]:
        """Say it once more."""
        numbers = torch.tensor(self.each, dtype=torch.int32)
        base = torch.cumprod(torch.tensor([1, *self.each[:-1]]), 0).to(torch.int32)
        found = dict(tensors)
        for number in range(self.groups):
            found[f"{_LEVELS}{number}.dim_base_index"] = base[None, :, None]
            found[f"{_LEVELS}{number}.num_levels"] = numbers[None, :, None]
        return found


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    others = rf"(?!{'|'.join(map(re.escape, (*_MODEL, _LEVELS)))}).*"
    return [
        steps.Aside(others, steps.nothing),  # discriminators and losses
        Numbers(config["groups"], tuple(config["steps"])),
        steps.WeightNorm(r".*", parametrised=True),
        steps.Table(tuple(_rows(len(config["strides"])))),
    ]


def _checked(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the settings of a part; ModelError where it is another than NanoCodec's."""
    part: Mapping[str, Any] = _SILENT[name] | settings[name]
    for key, wanted in _NEEDED[name].items():
        found = part[key].rpartition(".")[2] if key == "_target_" else part[key]
        if found != wanted:
            raise ModelError(
                f"its {name} has {key} {str(found)[:60]}, and NanoCodec's has {wanted}: another of "
                "NeMo's codecs, which vocable does not read"
            )
    return part


def _config(
    settings: Mapping[str, Any],
    audio_encoder: Mapping[str, Any],
    audio_decoder: Mapping[str, Any],
    vector_quantizer: Mapping[str, Any],
) -> NanoCodecConfig:
    strides, rates = audio_encoder["down_sample_rates"], audio_decoder["up_sample_rates"]
    default = NanoCodecConfig()
    units = [
        (tuple(part.get(_KERNELS, default.kernels)), tuple(part.get(_DILATIONS, default.dilations)))
        for part in (audio_encoder, audio_decoder)
    ]
    if units[0] != units[1]:
        raise ValueError(f"kernels and dilations {units[0]} and {units[1]}")
    if settings["samples_per_frame"] != math.prod(strides):
        raise ValueError(f"frames of {settings['samples_per_frame']} samples by {strides}")
    return replace(
        default,
        rate=settings["sample_rate"],
        encoder_channels=audio_encoder["base_channels"],
        strides=tuple(strides),
        decoder_strides=() if rates == strides[::-1] else tuple(rates),
        decoder_channels=audio_decoder["base_channels"],
        kernels=units[0][0],
        dilations=units[0][1],
        groups=vector_quantizer["num_groups"],
        steps=tuple(vector_quantizer["num_levels_per_group"]),
    )


def _rows(strides: int) -> Iterator[Row]:
    """Yield what becomes of the keys; a stage is one member of ours."""
    for part, unit, change in (("encoder", 0, 2), ("decoder", 2, 1)):
        theirs, sampling = rf"audio_{part}", "down" if part == "encoder" else "up"
        yield Row(rf"{theirs}\.pre_conv\.conv\.(weight|bias)", rf"{part}.blocks.0.\1")
        yield Row(rf"{theirs}\.post_conv\.conv\.(weight|bias)", rf"{part}.blocks.{strides + 2}.\1")
        yield _snake(rf"{theirs}\.post_activation", f"{part}.blocks.{strides + 1}")
        for stage in range(strides):
            ours = f"{part}.blocks.{stage + 1}.blocks"
            yield _snake(rf"{theirs}\.activations\.{stage}", f"{ours}.0")
            layer = rf"{theirs}\.{sampling}_sample_conv_layers\.{stage}\.conv"
            turned = transposed if part == "decoder" else None
            yield Row(rf"{layer}\.weight", f"{ours}.{change}.weight", turned)
            yield Row(rf"{layer}\.bias", f"{ours}.{change}.bias")
            block = rf"{theirs}\.res_layers\.{stage}\.res_blocks\.(\d+)\.res_blocks\.(\d+)"
            branch = rf"{ours}.{unit}.blocks.\1.blocks.\2.branch.blocks"
            for place, name in enumerate(("input", "skip")):
                yield _snake(rf"{block}\.{name}_activation", f"{branch}.{2 * place}")
                conv = rf"{block}\.{name}_conv\.conv\.(weight|bias)"
                yield Row(conv, rf"{branch}.{2 * place + 1}.\3")


def _snake(theirs: str, ours: str) -> Row:
    return Row(rf"{theirs}\.activation\.snake_act\.alpha", f"{ours}.snake.alpha", per_channel)


# ---- what is written ----------------------------------------------------------------------------


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the archive; settings of training are not in its config."""
    c = config
    yaml = _YAML.format(
        rate=c["rate"],
        frame=math.prod(c["strides"]),
        strides=list(c["strides"]),
        ups=list(c["decoder_strides"] or c["strides"][::-1]),
        latent=c["groups"] * len(c["steps"]),
        encoder_channels=c["encoder_channels"],
        decoder_channels=c["decoder_channels"],
        groups=c["groups"],
        steps=list(c["steps"]),
        kernels=list(c["kernels"]),
        dilations=list(c["dilations"]),
    )
    return {"nanocodec.nemo": (yaml, dict(tensors))}


_YAML = """\
sample_rate: {rate}
samples_per_frame: {frame}
audio_encoder:
  _target_: nemo.collections.tts.modules.audio_codec_modules.HiFiGANEncoder
  down_sample_rates: {strides}
  encoded_dim: {latent}
  base_channels: {encoder_channels}
  activation: lrelu
  pad_mode: replicate
  resblock_kernel_sizes: {kernels}
  resblock_dilation_sizes: {dilations}
audio_decoder:
  _target_: nemo.collections.tts.modules.audio_codec_modules.CausalHiFiGANDecoder
  up_sample_rates: {ups}
  input_dim: {latent}
  base_channels: {decoder_channels}
  activation: half_snake
  output_activation: clamp
  pad_mode: zeros
  n_groups_equal_to_out_channels: true
  resblock_kernel_sizes: {kernels}
  resblock_dilation_sizes: {dilations}
vector_quantizer:
  _target_: nemo.collections.tts.modules.audio_codec_modules.GroupFiniteScalarQuantizer
  num_groups: {groups}
  num_levels_per_group: {steps}
target: nemo.collections.tts.models.audio_codec.AudioCodecModel
"""

FORMS = {"nanocodec": Form(_steps, _files)}
