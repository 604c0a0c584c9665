"""Hold a recording in memory: `Audio(samples, rate)`, immutable."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from ..errors import AudioError
from .player import player
from .reader import AudioReader
from .resample import resample
from .rows import with_rate
from .samples import as_samples, check_rate, check_samples
from .writer import AudioWriter


@dataclass(frozen=True, eq=False, repr=False)
class Audio:
    """A recording: `samples` float32 `[channels, samples]` within about ±1, at `rate` Hz.

    Takes whatever `as_samples` takes (int16 is scaled, `[samples]` is one channel), and copies it
    unless it is read-only; the samples are finite and cannot be changed. Raises AudioError for
    other shapes and types, NaN or infinite samples, ones far beyond ±1 (above 16, as integers that
    were not scaled) unless `allow_loud` is set, and a rate that is not a whole number of Hz from
    1000 to 768000.
    """

    samples: Float32[np.ndarray, "channels samples"]
    rate: int  # Hz

    def __init__(self, samples: Any, rate: int, *, allow_loud: bool = False) -> None:
        rate = check_rate(rate)
        if isinstance(samples, Audio) and samples.rate != rate:
            raise AudioError(f"this Audio has {samples.rate} Hz; resample({rate}) changes its rate")
        array = as_samples(samples)
        check_samples(array, rate, allow_loud=allow_loud)
        if array.flags.writeable and not _is_fresh(array, samples):
            array = array.copy()
        array.flags.writeable = False
        object.__setattr__(self, "samples", array)
        object.__setattr__(self, "rate", rate)

    @classmethod
    def read(cls, source: Any, *, recover: bool = False, allow_loud: bool = False) -> Audio:
        """Read a whole recording from a path, an open file, the bytes of one, or "-" (stdin).

        WAV, FLAC, OGG, Opus, MP3 and their relatives; M4A, MP4, WebM and others with the extra
        `media`. A file that ends before what its header states is refused; `recover=True` reads
        what is there, with a warning. For long recordings use `AudioReader`.
        Takes as well what other libraries hold recordings in: rows {"bytes", "path"} and
        {"array", "sampling_rate"} of data sets, (samples, rate) pairs, and the objects of
        torchcodec and pydub. allow_loud: take samples far beyond ±1, as `Audio` does.
        """
        if isinstance(source, Audio):
            return source
        if (found := with_rate(source)) is not None:
            return cls(found.samples, check_rate(found.rate), allow_loud=allow_loud)
        with AudioReader(source, recover=recover, allow_loud=allow_loud) as reader:
            blocks = list(reader.blocks())
            joined = np.concatenate(blocks, axis=1) if len(blocks) != 1 else blocks[0]
            joined.flags.writeable = False
            return cls(joined, reader.rate, allow_loud=True)  # the reader has looked

    def save(self, target: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write to a file in the format that its ending names (.wav, .flac, .ogg, .opus, .mp3, …).

        WAV and FLAC are written with 16 bits; samples beyond ±1 are clipped, with a warning. An
        existing file raises FileExistsError unless `overwrite` is set.
        """
        with AudioWriter(target, self.rate, self.channels, overwrite=overwrite) as writer:
            writer.write(self.samples)

    def resample(self, rate: int) -> Audio:
        """Return the recording at `rate` Hz: `ceil(samples · rate / self.rate)` samples."""
        rate = check_rate(rate)
        if rate == self.rate:
            return self
        return self._with(resample(self.samples, self.rate, rate), rate)

    def mono(self) -> Audio:
        """Return a recording of one channel, the mean of all."""
        if self.channels == 1:
            return self
        return self._with(self.samples.mean(axis=0, dtype=np.float32, keepdims=True), self.rate)

    def _with(self, samples: np.ndarray, rate: int) -> Audio:
        return Audio(samples, rate, allow_loud=True)  # whoever made this one has allowed it

    @property
    def channels(self) -> int:
        """The number of channels."""
        return int(self.samples.shape[0])

    @property
    def seconds(self) -> float:
        """The length in seconds."""
        return int(self.samples.shape[1]) / self.rate

    def __len__(self) -> int:
        """Return the number of samples in each channel."""
        return int(self.samples.shape[1])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is None:
            return np.asarray(self.samples, dtype=dtype)
        return np.array(self.samples, dtype=dtype, copy=copy)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Audio):
            return NotImplemented
        return self.rate == other.rate and np.array_equal(self.samples, other.samples)

    def __hash__(self) -> int:
        return hash((self.rate, self.samples.tobytes()))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.samples, self.rate)

    def __repr__(self) -> str:
        channels = "mono" if self.channels == 1 else f"{self.channels} channels"
        return f"Audio({self.seconds:.2f} s, {channels}, {self.rate} Hz)"

    def _repr_html_(self) -> str:
        return player(self.samples, self.rate)


def _is_fresh(array: np.ndarray, samples: Any) -> bool:
    """Return whether `array` is a new array that only we refer to, and not the caller's."""
    return isinstance(samples, np.ndarray) and array is not samples and array.base is None


def _restore(samples: np.ndarray, rate: int) -> Audio:
    """Unpickle without another copy."""
    samples.flags.writeable = False
    return Audio(samples, rate, allow_loud=True)
