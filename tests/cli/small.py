"""A small untrained speech codec that runs in milliseconds, and tones to encode with it."""

from pathlib import Path

import numpy as np
import soundfile
import torch

RATE = 16_000


def save_small_codec(folder: Path, *, seed: int = 0) -> Path:
    """Write an untrained codec of 4 levels × 32 to `folder` and return it."""
    from vocable.codecs import build
    from vocable.load import save_model

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        sizes = {"encoder_channels": 16, "encoder_blocks": 1, "latent": 16, "dimensions": 8}
        sizes |= {"decoder_channels": 16, "decoder_blocks": 1, "contours": 32}
        codec = build("speech", {**sizes, "sizes": (32, 32, 32)})
        codec.quantizer.book.learn(torch.linspace(80, 320, 400)[:, None].repeat(1, 4))
        save_model(codec, folder)
    return folder


def tone(seconds: float, rate: int = RATE, channels: int = 1) -> np.ndarray:
    """Return `[samples, channels]` of a gliding tone with a little noise, within ±0.5."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(0).normal(0, 0.01, (time.size, channels))
    glide = 0.4 * np.sin(2 * np.pi * (150 + 40 * time) * time)
    return (glide[:, None] + noise).astype(np.float32)


def write_tone(path: Path, seconds: float = 1.0, rate: int = RATE, channels: int = 1) -> Path:
    """Write a tone to a recording, 16 bits, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(seconds, rate, channels), rate, subtype="PCM_16")
    return path
