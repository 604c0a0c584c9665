"""A recording that is gone through in blocks, as often as need be, in memory that does not grow.

What takes statistics over all of a recording reads it twice, and several tokenizers read it one
after another. So a file stays where it is; what can be read only once is copied to disk.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from vocable.audio import Audio, AudioReader, Resampler, check_rate, is_samples
from vocable.audio.rows import with_rate
from vocable.audio.source import open_seekable
from vocable.codecs.convert import read_source
from vocable.errors import AudioError

BLOCK = 1 << 16  # samples


@dataclass(frozen=True)
class Recording:
    """One channel or several, at `rate` Hz.

    held        the samples, or None for a file
    file        its path, or what is open at it
    stated      samples per channel that a file says it has, None where it does not
    channel     the only one that is given; None: all
    mixed       whether channels are averaged into one
    """

    held: Audio | None
    file: Any
    rate: int
    channels: int
    stated: int | None = None
    allow_loud: bool = False
    channel: int | None = None
    mixed: bool = False
    _counted: list[int] = field(default_factory=list)  # samples, by each time it was gone through

    @property
    def samples(self) -> int:
        """Samples per channel; of a file, once it has been gone through."""
        return self._counted[-1] if self.held is None else len(self.held)

    def mono(self) -> Recording:
        """Return the mean of all channels."""
        return replace(self, mixed=True, channels=1) if self.channels > 1 else self

    def apart(self) -> list[Recording]:
        """Return each channel as a recording."""
        if self.channels == 1:
            return [self]
        return [replace(self, channel=k, channels=1) for k in range(self.channels)]

    def blocks(self) -> Iterator[Float32[np.ndarray, "channels samples"]]:
        """Yield the recording in order. AudioError where it cannot be used."""
        for block in self._all():
            if self.channel is not None:
                yield block[self.channel : self.channel + 1]
            elif self.mixed:
                yield block.mean(axis=0, dtype=np.float32, keepdims=True)
            else:
                yield block

    def at(self, rate: int) -> Iterator[Float32[Tensor, " samples"]]:
        """Yield the samples of one channel at another rate, the same as of the whole."""
        resampler = Resampler(self.rate, rate, 1)
        for block in self.blocks():
            yield torch.tensor(resampler.step(block)[0], device="cpu")
        yield torch.tensor(resampler.finish()[0], device="cpu")

    def _all(self) -> Iterator[np.ndarray]:
        count = 0
        for block in self._read():
            count += block.shape[1]
            yield block
        self._counted.append(count)

    def _read(self) -> Iterator[np.ndarray]:
        if self.held is not None:
            for start in range(0, len(self.held), BLOCK):
                yield self.held.samples[:, start : start + BLOCK]
            return
        with AudioReader(self.file, allow_loud=self.allow_loud) as reader:
            yield from reader.blocks(BLOCK)


def open_recording(
    source: Any,
    cleanup: contextlib.ExitStack,
    *,
    rate: int | None = None,
    allow_loud: bool = False,
) -> Recording:
    """Return what `encode` is given, as `read_source` takes it, without reading a file.

    cleanup: closes what is opened here.
    """
    if isinstance(source, Recording):
        return source
    if (found := with_rate(source)) is not None:
        source = Audio(found.samples, check_rate(found.rate), allow_loud=allow_loud)
    if isinstance(source, Audio) or is_samples(source):
        audio = read_source(source, rate, allow_loud=allow_loud)
        return Recording(audio, None, audio.rate, audio.channels, len(audio))
    # bytes, and rows that hold them, can be read again as they are, and rows know their names
    file = source if isinstance(source, bytes | Mapping) else open_seekable(source, cleanup)
    with AudioReader(file, allow_loud=allow_loud) as reader:
        if rate is not None and check_rate(rate) != reader.rate:
            raise AudioError(
                f"rate is {rate} Hz but the recording says {reader.rate} Hz; leave it out"
            )
        return Recording(None, file, reader.rate, reader.channels, reader.samples, allow_loud)
