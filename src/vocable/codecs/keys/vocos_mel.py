"""Checkpoints of Vocos of mel spectra: its decoder, and the filters that it was trained behind.

    feature_extractor.mel_spec.spectrogram.window, .mel_scale.fb    as torchaudio has them
    backbone.…, head.…                                              Vocos' decoder

Sizes come from the shapes, rate and hop from the yaml beside; without one they are the published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from vocable.codecs.keys import steps, vocos
from vocable.codecs.keys.change import of_first
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form
from vocable.codecs.keys.seanet import refusing
from vocable.codecs.vocos_mel import VocosMelConfig, vocos_mel_24khz
from vocable.errors import ModelError
from vocable.signal.spectra import mel_filters

FILTERS = "feature_extractor.mel_spec.mel_scale.fb"
_WINDOW = "feature_extractor.mel_spec.spectrogram.window"
_NEAR = 1e-3  # of a filter: torchaudio computes them in single precision
_HALF = 2.0**-8  # of a value of it, where the file holds bf16


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which Vocos of mel spectra a checkpoint is, or None if it is of another family.

    ModelError for one beside a yaml of other sizes.
    """
    if not {FILTERS, "head.out.weight"} <= checkpoint.shapes.keys():
        return None
    with refusing("weights of such shapes make no Vocos"):
        sizes = vocos.decoder_sizes(checkpoint.shapes)
        sizes["bands"] = checkpoint.shapes["backbone.embed.weight"][1]
    usual = vocos_mel_24khz()
    sizes["rate"] = _stated(checkpoint, "sample_rate", usual.rate)
    sizes["frame"] = _stated(checkpoint, "hop_length", usual.frame)
    vocos.check_yaml(
        checkpoint.path,
        {
            "sample_rate": sizes["rate"],
            "n_mels": sizes["bands"],
            "intermediate_dim": sizes["hidden"],
            "num_layers": sizes["blocks"],
            "n_fft": sizes["window"],
            "hop_length": sizes["frame"],
            "padding": "center",
        },
    )
    values = asdict(usual)
    name = vocos_mel_24khz.__name__ if values == values | sizes else "vocos_mel"
    return Recognised(name, "vocos", "vocos-mel", sizes)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.codecs.vocos_mel`; other filters are refused."""
    tensors, config = checkpoint.tensors(), recognised.config
    ours = mel_filters(config["rate"], config["window"], config["bands"])
    theirs = tensors[FILTERS]
    rounded = torch.equal(theirs, theirs.bfloat16().to(theirs))  # the file holds half precision
    near = _HALF if rounded else 0.0
    if theirs.shape != ours.shape or not torch.allclose(theirs, ours, rtol=near, atol=_NEAR):
        raise ModelError(
            f"its filters are not {config['bands']} triangles on the HTK scale up to "
            f"{config['rate'] // 2} Hz, which vocable has for such; put the config.yaml that "
            "belongs to it beside it"
        )
    return steps.read(decoder_steps(config), tensors)


def decoder_steps(
    config: Mapping[str, Any], stack: str = "decoder.block.blocks"
) -> list[steps.Step]:
    """Return the steps to a decoder whose blocks are members of our `stack`."""

    def made(_: Mapping[str, Tensor]) -> dict[str, Tensor]:
        filters = mel_filters(config["rate"], config["window"], config["bands"])
        return {FILTERS: filters, _WINDOW: torch.hann_window(config["window"])}

    rows = vocos.decoder_rows(config["blocks"], stack, 0, conditions=False)
    rows = (row for row in rows if row.change is not of_first)  # its norms know no conditions
    return [
        steps.Aside(r"feature_extractor\..*", made),
        steps.Aside(r"head\.istft\.window", vocos.window),
        steps.Table(tuple(rows)),
    ]


def _stated(checkpoint: Checkpoint, key: str, usual: int) -> int:
    """Return what the first yaml says of a key, in whole numbers from 1."""
    for path in sorted(checkpoint.path.parent.glob("*.yaml")):
        for value in vocos.stated_by_yaml(path).get(key, ()):
            if type(value) is not int or value < 1:
                raise ModelError(f"{path.name} says {key} {value}; wanted a whole number from 1")
            return value
    return usual


# ---- what is written ----------------------------------------------------------------------------


def _files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tensors as torch.save keeps them, and the yaml that makes the package's model.

    ModelError for other steps than the usual ones, of which that layout knows nothing.
    """
    usual = asdict(VocosMelConfig())
    for key in ("steps", "least", "most"):
        if config[key] != usual[key]:
            raise ModelError(f"its {key} is {config[key]}, which that layout cannot say")
    return {"pytorch_model.bin": dict(tensors), "config.yaml": package_yaml(config)}


def package_yaml(config: Mapping[str, Any]) -> str:
    """Return the yaml that makes the package's model, of the sizes of a `VocosMelConfig`."""
    return _YAML.format(**config)


_YAML = """\
feature_extractor:
  class_path: vocos.feature_extractors.MelSpectrogramFeatures
  init_args:
    sample_rate: {rate}
    n_fft: {window}
    hop_length: {frame}
    n_mels: {bands}
    padding: center
backbone:
  class_path: vocos.models.VocosBackbone
  init_args:
    input_channels: {bands}
    dim: {width}
    intermediate_dim: {hidden}
    num_layers: {blocks}
head:
  class_path: vocos.heads.ISTFTHead
  init_args:
    dim: {width}
    n_fft: {window}
    hop_length: {frame}
    padding: center
"""
FORMS = {"vocos": Form(decoder_steps, _files)}
