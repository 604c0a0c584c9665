"""X-Codec and the Higgs audio tokenizer as transformers has them, at any size."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor, nn

from tests.parity.peers import stand_ins
from tests.parity.randomise import randomise
from vocable.codecs.codes import Codes
from vocable.testing.semantic_references import xcodec_reference

_SPEECH = dict(
    hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
    conv_dim=(8,) * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4,
)  # fmt: skip
_SOUND = dict(encoder_hidden_size=2, hidden_size=8, decoder_hidden_size=32)
TOY = {
    "xcodec": dict(codebook_size=32, target_bandwidths=[0.25, 0.5, 1.0], block_dilations=[1, 2]),
    "higgs": dict(codebook_size=32, target_bandwidths=[0.25, 0.5], codebook_dim=6),
}
_PUBLISHED = {"xcodec": {}, "higgs": dict(target_bandwidths=[0.5, 1, 1.5, 2])}
_STRIDES = {"xcodec": [8, 5, 4, 2], "higgs": [8, 5, 4, 2, 3]}


def reference(kind: str, *, wavlm: bool = False, toy: bool = True) -> nn.Module:
    """Return the network with the weights that it is made with, in evaluation mode."""
    strides = dict(downsampling_ratios=_STRIDES[kind], upsampling_ratios=_STRIDES[kind])
    published = dict(encoder_hidden_size=64, hidden_size=256, decoder_hidden_size=1024)
    sound = transformers.DacConfig(**strides, **(_SOUND if toy else published))
    if wavlm:
        more = dict(num_buckets=20, max_bucket_distance=40) if toy else {}
        speech: Any = transformers.WavLMConfig(**(_SPEECH if toy else {}), **more)
    else:
        speech = transformers.HubertConfig(**(_SPEECH if toy else {}))
    return network(
        kind, acoustic_model_config=sound.to_dict(), semantic_model_config=speech.to_dict(),
        **(TOY if toy else _PUBLISHED)[kind],
    )  # fmt: skip


def network(kind: str, **config: Any) -> nn.Module:
    """Return the network of a config, with the weights that it is made with."""
    name, module = (
        ("XcodecModel", "xcodec") if kind == "xcodec"
        else ("HiggsAudioV2TokenizerModel", "higgs_audio_v2_tokenizer")
    )  # fmt: skip
    package = f"transformers.models.{module}"
    with stand_ins(("torchaudio", "torchaudio.functional")):
        modeling = import_module(f"{package}.modeling_{module}")
    if kind == "higgs":
        modeling.torchaudio.functional.resample = resampled
    made = getattr(import_module(f"{package}.configuration_{module}"), name[:-5] + "Config")
    with torch.random.fork_rng(devices=[]):
        model: nn.Module = getattr(modeling, name)(made(**config)).eval()
    return model


def random_reference(kind: str, **how: bool) -> nn.Module:
    """Return the network with random weights, its codebooks where its latents are."""
    samples = 40 * 320 if kind == "xcodec" else 40 * 960
    return randomise(reference(kind, **how), seed=1, run=run, samples=samples)


def run(model: Any, x: Tensor) -> Tensor:
    """Encode and decode."""
    found = xcodec_reference(model)
    return found.sound(Codes(found.codes(x)))


def resampled(x: Tensor, rate: int, to: int) -> Tensor:
    """Return what `torchaudio.functional.resample` does, sample by sample in double precision.

    It stands in for torchaudio, which has no build for this torch.
    """
    band = 0.99 * min(1.0, to / rate)
    count = -(-x.shape[-1] * to // rate)
    centre = np.arange(count)[:, None] * rate / to
    place = np.floor(centre).astype(int) + np.arange(-11, 13)
    apart = (centre - place) * band
    weight = np.sinc(apart) * np.cos(np.pi * apart / 12) ** 2 * (np.abs(apart) < 6) * band
    padded = np.pad(x.double().numpy(), [(0, 0)] * (x.dim() - 1) + [(11, 14)])
    return torch.tensor((padded[..., place + 11] * weight).sum(-1)).float()
