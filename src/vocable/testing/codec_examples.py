"""List examples of every codec: small ones, and the models that come with the package."""

from __future__ import annotations

from dataclasses import replace

import torch

from vocable.codecs import Codec
from vocable.codecs.seanet import SEANet, seanet_tiny
from vocable.codecs.speech import Speech, SpeechConfig, SpeechQuantizer
from vocable.load import load, models
from vocable.quantize import ResidualVQ
from vocable.testing.block_examples import seeded


def codecs() -> dict[str, Codec]:
    """Return codecs of a few thousand weights, started on noise, and the bundled models by name."""
    small = {
        "seanet": seeded(lambda: _started(SEANet(seanet_tiny()))),
        "seanet-stereo": seeded(lambda: _started(SEANet(replace(seanet_tiny(), channels=2)))),
        "speech": seeded(lambda: _started(Speech(_speech_tiny()))),
    }
    return small | {model.name: load(model.name) for model in models()}


def noise(codec: Codec, batch: int, samples: int) -> torch.Tensor:
    """Return noise that swells and fades, `[batch, channels, samples]` within ±0.5."""
    random = torch.Generator().manual_seed(1)
    envelope = 0.5 + 0.5 * (torch.arange(samples) / 200).sin()
    return (torch.rand(batch, codec.channels, samples, generator=random) - 0.5) * envelope


def _speech_tiny() -> SpeechConfig:
    return SpeechConfig(
        encoder_channels=8,
        encoder_blocks=1,
        latent=8,
        decoder_channels=8,
        decoder_blocks=1,
        contours=8,
        sizes=(16,) * 3,
        dimensions=4,
    )


@torch.no_grad()
def _started(codec: Codec) -> Codec:
    """Start the codebooks at latents of noise, so that not all frames get one code."""
    codec.eval()
    rows = codec.encoder(noise(codec, 1, 2 * codec.rate).transpose(1, 2))
    quantizer = codec.quantizer
    if isinstance(quantizer, SpeechQuantizer):
        quantizer.book.hz.copy_(torch.arange(32.0).reshape(8, 4) * 10)
        rows, quantizer = quantizer._latent(rows), quantizer.residual
    assert isinstance(quantizer, ResidualVQ)
    quantizer.start(rows.flatten(0, 1), per_step=1)
    return codec
