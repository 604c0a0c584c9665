"""Go through a recording once: where somebody speaks, how loud it is, and whose bytes it has.

Memory is that of a few minutes: of hours only a number a frame is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32

from vocable.audio import AudioReader, Resampler
from vocable.errors import AudioError
from vocable.measures.listener import Listener
from vocable.speak.prepare.activity import FRAME, Activity, probabilities
from vocable.speak.prepare.settings import RATE

TICK = RATE // 100  # samples of 10 ms, whose power is kept
_PIECE, _BEFORE = 3_000 * FRAME, 60 * FRAME  # samples that are looked at together, and again


@dataclass(frozen=True)
class Scan:
    """What one pass through a recording finds."""

    seconds: float
    rate: int  # Hz
    channels: int
    speech: Float[np.ndarray, " frames"]  # probability, each 32 ms
    powers: Float[np.ndarray, " ticks"]  # mean square, each 10 ms
    is_speech: bool | None  # whether its first minute sounds so; None where that is silent


def scan(path: Path, activity: Activity, lowest_rate: int) -> Scan:
    """Return what a recording holds, all channels mixed.

    AudioError for a file that cannot be read, or whose rate is below the lowest in Hz.
    """
    with AudioReader(path) as reader:
        if reader.rate < lowest_rate:
            raise AudioError(
                f"{path} has {reader.rate} Hz, and a voice needs {lowest_rate} Hz at least; "
                "record it again at 24000 Hz or more"
            )
        listener = Listener(reader.rate)
        speech, powers, samples = [], [], 0
        for piece, before in _pieces(reader, listener):
            speech.append(probabilities(activity, piece, before // FRAME))
            powers.append(_powers(piece[before:]))
            samples += piece.size - before
        return Scan(
            samples / RATE,
            reader.rate,
            reader.channels,
            np.concatenate(speech),
            np.concatenate(powers),
            listener.finish().speech,
        )


def mono_blocks(reader: AudioReader) -> Iterator[Float32[np.ndarray, "1 samples"]]:
    """Yield the blocks of a recording, all channels mixed."""
    for block in reader.blocks():
        yield block.mean(axis=0, dtype=np.float32, keepdims=True)


def _pieces(
    reader: AudioReader, listener: Listener
) -> Iterator[tuple[Float32[np.ndarray, " samples"], int]]:
    """Yield the sound at 16 kHz in long pieces, and how many samples the one before had too."""
    kept, before = np.zeros(0, np.float32), 0
    for block in _resampled(reader, listener):
        kept = np.concatenate([kept, block])
        while kept.size - before >= _PIECE:
            yield kept[: before + _PIECE], before
            kept, before = kept[before + _PIECE - _BEFORE :], _BEFORE
    if kept.size > before:
        yield kept, before


def _resampled(
    reader: AudioReader, listener: Listener
) -> Iterator[Float32[np.ndarray, " samples"]]:
    resampler = Resampler(reader.rate, RATE, 1)
    for block in mono_blocks(reader):
        listener(block)
        yield resampler.step(block)[0]
    yield resampler.finish()[0]


def _powers(samples: Float32[np.ndarray, " samples"]) -> Float[np.ndarray, " ticks"]:
    filled = np.pad(samples, (0, -samples.size % TICK)).reshape(-1, TICK)
    powers: np.ndarray = np.square(filled, dtype=np.float64).mean(axis=1)
    return powers
