"""Kanade's own networks at any size, on WavLM of transformers, before Vocos of its package.

VOCABLE_CHECKOUTS names a folder with a clone of github.com/frothywater/kanade-tokenizer,
`kanade-tokenizer`, which pip does not install beside our torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
import transformers
from torch import Tensor, nn

from tests.golden import drawn
from tests.parity.peers import checkout, peer, stand_ins
from tests.parity.xcodec import resampled

ABSENT = ("jsonargparse", "torchaudio.pipelines", "torchaudio.models",
          "torchaudio.models.wav2vec2", "torchaudio.models.wav2vec2.components")  # fmt: skip
WAVLM = dict(
    hidden_size=16, num_hidden_layers=5, num_attention_heads=2, intermediate_size=24,
    conv_dim=[8] * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4, num_buckets=20,
    max_bucket_distance=40,
)  # fmt: skip
YAML = """# as the configs of its authors are laid out
model:
  class_path: kanade_tokenizer.model.KanadeModel
  init_args:
    config:
      local_ssl_layers: [2, 4]
      global_ssl_layers: [1, 2]
      normalize_ssl_features: true
      downsample_factor: 2
      mel_upsample_factor: 4
      use_conv_downsample: true
      mel_interpolation_mode: linear
      sample_rate: 24000
      n_fft: 1024
      hop_length: 256
      n_mels: 10
      padding: center
    ssl_feature_extractor:
      class_path: kanade_tokenizer.module.ssl_extractor.SSLFeatureExtractor
      init_args:
        model_name: wavlm_base_plus
        output_layer: 9 # Use at most 9 layers
        sample_rate: 24000
    local_encoder:
      class_path: kanade_tokenizer.module.transformer.Transformer
      init_args:
        dim: 16
        n_layers: 2
        n_heads: 2
        window_size: 5
        multiple_of: 8
        rope_theta: 10000.0
        max_seq_len: 512
        use_flash_attention: true
    local_quantizer:
      class_path: kanade_tokenizer.module.fsq.FiniteScalarQuantizer
      init_args:
        input_dim: 16
        output_dim: 16
        levels: [8, 5, 5]
    global_encoder:
      class_path: kanade_tokenizer.module.global_encoder.GlobalEncoder
      init_args:
        input_channels: 16 # WavLM base plus feature dimension
        output_channels: 6
        num_layers: 2
        dim: 12
        intermediate_dim: 20
        attention_channels: 7
    mel_prenet:
      class_path: kanade_tokenizer.module.transformer.Transformer
      init_args:
        dim: 16
        output_dim: 12
        n_layers: 1
        n_heads: 4
        window_size: 3
        multiple_of: 8
        rope_theta: 10000.0
    mel_decoder:
      class_path: kanade_tokenizer.module.transformer.Transformer
      init_args:
        dim: 12
        output_dim: 10 # Number of mel frequency bins
        n_layers: 2
        n_heads: 3
        window_size: 7
        multiple_of: 8
        rope_theta: 10000.0
        adanorm_condition_dim: 6
        use_adaln_zero: true
    mel_postnet:
      class_path: kanade_tokenizer.module.postnet.PostNet
      init_args:
        input_channels: 10 # Number of mel frequency bins
        channels: 9
        kernel_size: 7
        num_layers: 3
        use_layer_norm: true
"""
VOCOS = """feature_extractor:
  class_path: vocos.feature_extractors.MelSpectrogramFeatures
  init_args:
    sample_rate: 24000
    n_fft: 1024
    hop_length: 256
    n_mels: 10
    padding: center

backbone:
  class_path: vocos.models.VocosBackbone
  init_args:
    input_channels: 10
    dim: 8
    intermediate_dim: 12
    num_layers: 1

head:
  class_path: vocos.heads.ISTFTHead
  init_args:
    dim: 8
    n_fft: 1024
    hop_length: 256
    padding: center
"""


class Extractor(nn.Module):
    """WavLM as Kanade asks it: a list of what its blocks give, at 16 kHz."""

    ssl_sample_rate, hop_size = 16_000, 320

    def __init__(self, wavlm: Any) -> None:
        super().__init__()
        self.wavlm, self.feature_dim = wavlm, wavlm.config.hidden_size

    def get_minimum_input_length(self, frames: int) -> int:
        """Return the samples of so many frames."""
        return (frames - 1) * 320 + 400

    def forward(self, waveform: Tensor) -> list[Tensor]:
        """Return what each block gives."""
        found = self.wavlm(resampled(waveform, 24_000, 16_000), output_hidden_states=True)
        return list(found.hidden_states[1:])


class Networks(NamedTuple):
    """Kanade with WavLM in it, and Vocos."""

    kanade: Any
    vocos: Any

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return latents `[1, frames, dim]`, codes `[1, 1, frames]` and the voice of a sound."""
        kept: list[Tensor] = []
        layer = self.kanade.conv_downsample
        with layer.register_forward_hook(lambda _, before, z: kept.append(z.transpose(1, 2))):
            found = self.kanade.encode(x[0, 0])
        return kept[0], found.content_token_indices[None, None], found.global_embedding[None]

    def sound(self, codes: Tensor, voice: Tensor) -> Tensor:
        """Return the sound `[1, 1, samples]` of codes `[1, 1, frames]` in a voice."""
        mels = self.kanade.decode(voice[0], content_token_indices=codes[0, 0])
        y: Tensor = self.vocos(mels[None])
        return y[None]


class Vocoder(nn.Module):
    """Vocos of mel spectra, as its package runs it."""

    def __init__(self, sizes: Mapping[str, Any], spectrum: Mapping[str, Any]) -> None:
        super().__init__()
        peer("vocos")
        from vocos.heads import ISTFTHead
        from vocos.models import VocosBackbone

        self.backbone = VocosBackbone(**sizes)
        self.head = ISTFTHead(sizes["dim"], **spectrum, padding="center")

    def forward(self, mels: Tensor) -> Tensor:
        """Return sound `[batch, samples]`."""
        y: Tensor = self.head(self.backbone(mels))
        return y


def networks() -> Networks:
    """Return small networks, whose weights follow from their names and shapes."""
    package = "kanade_tokenizer"
    with stand_ins(ABSENT):
        names = ("model", "module.transformer", "module.fsq", "module.global_encoder",
                 "module.postnet")  # fmt: skip
        found = checkout("kanade-tokenizer/src", *(f"{package}.{name}" for name in names))
    args = _read(YAML)["model"]["init_args"]
    config = found[f"{package}.model"].KanadeModelConfig(**args.pop("config"))
    wavlm = transformers.WavLMModel(transformers.WavLMConfig(**WAVLM))
    parts = {"ssl_feature_extractor": Extractor(wavlm)}
    for name, about in args.items():
        module, _, kind = about["class_path"].rpartition(".")
        if name not in parts:
            parts[name] = getattr(found[module], kind)(**about["init_args"])
    kanade = found[f"{package}.model"].KanadeModel(config, **parts).eval()
    for module in kanade.modules():  # without flash attention it falls on the scores
        if type(module).__name__ == "Attention":
            module.dropout = 0.0
    about = _read(VOCOS)
    spectrum = {key: about["head"]["init_args"][key] for key in ("n_fft", "hop_length")}
    vocos = Vocoder(about["backbone"]["init_args"], spectrum).eval()
    for model in (kanade, wavlm, vocos):
        model.load_state_dict(drawn.tensors(shapes_of(model)))
    vocos.head.istft.window.copy_(torch.hann_window(1024))
    return Networks(kanade, vocos)


def shapes_of(model: nn.Module) -> dict[str, list[int]]:
    """Return the shapes of a model's tensors by their keys."""
    return {key: list(value.shape) for key, value in model.state_dict().items()}


def kept(networks: Networks) -> dict[str, Any]:
    """Return their configs, and the shapes of the tensors that their makers publish."""
    wavlm = networks.kanade.ssl_feature_extractor.wavlm
    left_out = ("ssl_feature_extractor.", "conv_upsample.")
    shapes = shapes_of(networks.kanade)
    own = {key: shape for key, shape in shapes.items() if not key.startswith(left_out)}
    return {
        "yaml": YAML,
        "vocos": VOCOS,
        "wavlm": json.loads(wavlm.config.to_json_string()),
        "shapes": {
            "kanade": own, "wavlm": shapes_of(wavlm), "vocos": shapes_of(networks.vocos),
        },
    }  # fmt: skip


def _read(text: str) -> Any:
    import yaml

    return yaml.safe_load(text)
