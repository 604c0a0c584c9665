"""A tokenizer whose tokens can be worked out by hand, and recordings for it."""

from functools import cache

import numpy as np

from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.evaluate import Recording
from vocable.testing.block_examples import seeded
from vocable.testing.codec_examples import filled
from vocable.testing.tiny_codecs import TINY, TinyConfig
from vocable.tokens import AudioTokens, Level, Source, TokenSpec

RATE, FRAME = 8000, 80
SPEC = TokenSpec("steps@1:0a1b", RATE, FRAME, 1, (Level(16), Level(1024)), (1, 2))


class Steps:
    """Level 0 is how loud a frame is in steps of 6 dB, level 1 its mean in 1024 steps."""

    def encode(self, source: Audio) -> AudioTokens:
        padded = np.pad(source.samples, ((0, 0), (0, -len(source) % FRAME))).astype(np.float64)
        frames = padded.reshape(source.channels, -1, FRAME)
        loud = frames.std(-1)
        steps = np.clip(np.round(np.log2(loud + 2.0**-15)) + 15, 0, 15).astype(int)
        means = np.clip(np.round(512 + 511 * frames.mean(-1)), 0, 1023).astype(int)
        return AudioTokens(SPEC, (steps, means), source=Source(len(source), RATE, source.channels))

    def decode(self, tokens: AudioTokens) -> Audio:
        """Square waves as loud as level 0 says, about the mean that level 1 says, if any."""
        square = np.where(np.arange(FRAME) % 2, 1.0, -1.0)
        frames = 2.0 ** (tokens.stacks[0][..., None] - 15.0) * square
        if tokens.levels > 1:
            frames = frames + (tokens.stacks[1][..., None] - 512.0) / 511
        samples = frames.reshape(tokens.streams, -1)[:, : tokens.source.samples]
        return Audio(samples.astype(np.float32), RATE)


def sound(seconds: float = 1.0, seed: int = 0, power: float = 1e-2) -> Audio:
    random = np.random.default_rng(seed)
    slow = np.repeat(random.uniform(0.2, 2.0, round(seconds * RATE / 400) + 1), 400)
    samples = random.standard_normal(round(seconds * RATE)) * np.sqrt(power)
    return Audio((samples * slow[: samples.size]).astype(np.float32), RATE)


def recording(name: str = "a", **known) -> Recording:
    known.setdefault("audio", sound())
    return Recording(name, **known)


SILENT = Recording("silent", Audio(np.zeros(800, np.float32), RATE))


@cache
def tiny(kind: str) -> Codec:
    """Return one of the library's smallest codecs, with filled books."""
    return Codec(filled(seeded(lambda: TINY[kind](TinyConfig()))))
