"""Codecs of a few thousand weights, and sounds for them."""

from __future__ import annotations

import copy
from collections.abc import Hashable
from dataclasses import replace
from functools import cache

import numpy as np
import torch

from vocable.codecs import Codec
from vocable.codecs.soundstream import SoundStream
from vocable.codecs.speech import Speech
from vocable.testing.codec_examples import filled
from vocable.testing.tiny_configs import soundstream_tiny, speech_tiny


def soundstream(seed: int = 0, **changes: Hashable) -> Codec:
    """Return an untrained SoundStream, 8 kHz, 16 samples a frame, whose codes differ."""
    torch.manual_seed(seed)
    return copy.deepcopy(_soundstream(seed, **changes))


@cache
def _soundstream(seed: int, **changes: Hashable) -> Codec:
    return Codec(filled(SoundStream(replace(soundstream_tiny(), **changes))))


def speech(seed: int = 0) -> Codec:
    """Return a narrow speech codec, 16 kHz, 640 samples a frame."""
    torch.manual_seed(seed)
    return copy.deepcopy(_speech(seed))


@cache
def _speech(seed: int) -> Codec:
    return Codec(filled(Speech(speech_tiny())))


def sound(samples: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    """Return noise with a slow envelope, float32 `[channels, samples]` within ±0.5."""
    random = np.random.default_rng(seed)
    envelope = 0.5 + 0.5 * np.sin(np.arange(samples) / 200)
    return (random.uniform(-0.5, 0.5, (channels, samples)) * envelope).astype(np.float32)
