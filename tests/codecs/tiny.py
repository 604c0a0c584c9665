"""Codecs of a few thousand weights, and sounds for them."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import torch

from vocable.codecs import Codec, build
from vocable.codecs.seanet import SEANet, seanet_tiny
from vocable.codecs.speech import SpeechConfig


def seanet(seed: int = 0, **changes: object) -> SEANet:
    """Return an untrained SEANet, 8 kHz, 16 samples a frame, whose codes differ between frames."""
    torch.manual_seed(seed)
    codec = SEANet(replace(seanet_tiny(), **changes)).eval()
    return fitted(codec)


def speech(seed: int = 0) -> Codec:
    """Return a narrow codec of the shipped architecture, 16 kHz, 640 samples a frame."""
    torch.manual_seed(seed)
    config = SpeechConfig(
        encoder_channels=8, encoder_blocks=1, latent=8, decoder_channels=8, decoder_blocks=1,
        contours=8, sizes=(16,) * 3, dimensions=4,
    )  # fmt: skip
    codec = build("speech", asdict(config)).eval()
    codec.quantizer.book.hz.copy_(torch.arange(32.0).reshape(8, 4) * 10)
    return fitted(codec)


def fitted(codec: Codec) -> Codec:
    """Start the codebooks at latents of noise, so that not all frames get one code."""
    x = torch.from_numpy(sound(codec.rate * 2, codec.channels))[None]
    rows = codec.encoder(codec._rows(x)).detach()
    part = getattr(codec.quantizer, "residual", codec.quantizer)
    if part is not codec.quantizer:
        rows = codec.quantizer._latent(rows).detach()
    part.start(rows.flatten(0, 1), per_step=1)
    return codec


def sound(samples: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    """Return noise with a slow envelope, float32 `[channels, samples]` within ±0.5."""
    random = np.random.default_rng(seed)
    envelope = 0.5 + 0.5 * np.sin(np.arange(samples) / 200)
    return (random.uniform(-0.5, 0.5, (channels, samples)) * envelope).astype(np.float32)
