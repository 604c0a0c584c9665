"""The files that a Kanade is written as: its own, WavLM's and those of Vocos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from vocable.codecs.keys import vocos_mel
from vocable.errors import ModelError
from vocable.units.keys import wav2vec2

WAVLM, VOCOS = "wavlm.", "vocos."  # what begins the keys of the other two
_USUAL = 256  # multiples of which MLPs are wide, where nothing else is said


def kanade_files(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each file holds.

    Raises ModelError for MLPs whose width the package does not make.
    """
    parts: dict[str, dict[str, Tensor]] = {WAVLM: {}, VOCOS: {}, "": {}}
    for key, value in tensors.items():
        begins = next(part for part in parts if key.startswith(part))
        parts[begins][key.removeprefix(begins)] = value
    return {
        "model.safetensors": parts[""],
        "config.yaml": _yaml(config),
        "wavlm/model.safetensors": parts[WAVLM],
        "wavlm/config.json": wav2vec2.hub_config(config["semantic"]),
        "vocos/pytorch_model.bin": parts[VOCOS],
        "vocos/config.yaml": vocos_mel.package_yaml(vocos_config(config)),
    }


def vocos_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sizes of the Vocos that makes sound of a Kanade's spectra."""
    own = {name: config[f"vocoder_{name}"] for name in ("width", "hidden", "blocks")}
    same = {name: config[name] for name in ("rate", "window", "bands")}
    return {**own, **same, "frame": config["hop"]}


def _yaml(c: Mapping[str, Any]) -> str:
    width, wide = c["semantic"]["width"], c["spectra_width"]
    return _YAML.format(
        content_layers=list(c["content_layers"]),
        voice_layers=list(c["voice_layers"]),
        steps=list(c["steps"]),
        last=max(c["content_layers"] + c["voice_layers"]),
        semantic=width,
        content_trunk=_trunk(c["content"], width),
        slow_trunk=_trunk(c["slow"], width),
        spectra_trunk=_trunk(c["spectra"], wide),
        **{name: value for name, value in c.items() if isinstance(value, int)},
    )


def _trunk(layers: Mapping[str, Any], width: int) -> str:
    """Return what the package makes transformer layers of, as lines of yaml."""
    about = {
        "dim": width,
        "n_layers": layers["layers"],
        "n_heads": layers["heads"],
        "window_size": 2 * layers["around"] + 1,
        "multiple_of": _multiple(layers["hidden"], 8 * width // 3),
        "use_rope": "true",
        "rope_theta": layers["base"],
        "max_seq_len": 512,
    }
    return "\n        ".join(f"{key}: {value}" for key, value in about.items())


def _multiple(hidden: int, least: int) -> int:
    """Return a number whose first multiple from `least` on is `hidden`."""
    numbers: list[int] = [_USUAL, *range(1, hidden + 1)]
    found = next((n for n in numbers if -(-least // n) * n == hidden), None)
    if found is None:
        raise ModelError(f"its hidden {hidden} is less than the {least} of kanade files")
    return found


_YAML = """\
model:
  class_path: kanade_tokenizer.model.KanadeModel
  init_args:
    config:
      local_ssl_layers: {content_layers}
      global_ssl_layers: {voice_layers}
      normalize_ssl_features: true
      downsample_factor: {every}
      mel_upsample_factor: {upsampling}
      use_conv_downsample: true
      mel_interpolation_mode: linear
      sample_rate: {rate}
      n_fft: {window}
      hop_length: {hop}
      n_mels: {bands}
      padding: center
    ssl_feature_extractor:
      class_path: kanade_tokenizer.module.ssl_extractor.SSLFeatureExtractor
      init_args:
        model_name: wavlm_base_plus
        output_layer: {last}
        sample_rate: {rate}
    local_encoder:
      class_path: kanade_tokenizer.module.transformer.Transformer
      init_args:
        {content_trunk}
    local_quantizer:
      class_path: kanade_tokenizer.module.fsq.FiniteScalarQuantizer
      init_args:
        input_dim: {semantic}
        output_dim: {semantic}
        levels: {steps}
    global_encoder:
      class_path: kanade_tokenizer.module.global_encoder.GlobalEncoder
      init_args:
        input_channels: {semantic}
        output_channels: {voice}
        num_layers: {voice_blocks}
        dim: {voice_width}
        intermediate_dim: {voice_hidden}
        attention_channels: {voice_asking}
    mel_prenet:
      class_path: kanade_tokenizer.module.transformer.Transformer
      init_args:
        {slow_trunk}
        output_dim: {spectra_width}
    mel_decoder:
      class_path: kanade_tokenizer.module.transformer.Transformer
      init_args:
        {spectra_trunk}
        output_dim: {bands}
        adanorm_condition_dim: {voice}
        use_adaln_zero: true
    mel_postnet:
      class_path: kanade_tokenizer.module.postnet.PostNet
      init_args:
        input_channels: {bands}
        channels: {post_width}
        kernel_size: {post_kernel}
        num_layers: {post_layers}
        use_layer_norm: true
"""
