"""Read recordings of any length block by block, from paths, open files and stdin."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from ..binary_streams import BinaryFile
from ..errors import AudioError
from . import media
from .samples import check_finite
from .sound import SoundDecoder
from .source import name_of, reopenable
from .stated import ends_inside_page, stated_bytes

log = logging.getLogger("vocable")

BLOCK = 2**16  # samples
HEADERLESS = (".raw", ".pcm")
RATES = range(1000, 768_001)  # Hz; a header with another is damaged or hostile


@runtime_checkable
class Decoder(Protocol):
    """What `AudioReader` asks of a library that reads files."""

    rate: int
    channels: int
    samples: int | None  # None where the file does not say

    def read(self, samples: int) -> Float32[np.ndarray, "channels samples"]:
        """Return the next samples, at most so many; none at the end. Raises EOFError where the
        file breaks off or is damaged."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class AudioReader:
    """Goes through a recording in blocks: a path, an open binary file, or "-" (stdin).

    `samples` is the length in samples that the file states, None where it states none (M4A, WebM).
    Raises FileNotFoundError and IsADirectoryError as they are, and AudioError for what is no
    recording, has no samples, holds NaN or infinity, or ends before what its header states.
    `recover=True` reads what is there of such a file, with a warning.
    """

    name: str
    rate: int  # Hz
    channels: int
    samples: int | None

    def __init__(
        self, source: str | os.PathLike[str] | BinaryFile, *, recover: bool = False
    ) -> None:
        self.name = name_of(source)
        self._recover = recover
        self._position = 0
        self._cleanup = contextlib.ExitStack()
        try:
            place = reopenable(source, self._cleanup)
            stated, cut = stated_bytes(place), ends_inside_page(place)
            self._decoder = _open(place, self.name)
            self._cleanup.callback(self._decoder.close)
            self._take_facts()
            self._check_whole(stated, cut)
        except BaseException:
            self._cleanup.close()
            raise

    def blocks(self, size: int = BLOCK) -> Iterator[Float32[np.ndarray, "channels samples"]]:
        """Yield the recording in order, `size` samples a time and the rest at the end."""
        while True:
            block = self._next(size)
            if block.shape[1] == 0:
                break
            check_finite(block, self.rate, name=self.name, start=self._position)
            self._position += block.shape[1]
            yield block
        self._check_end()

    def close(self) -> None:
        """Let go of the file."""
        self._cleanup.close()

    def __enter__(self) -> AudioReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _take_facts(self) -> None:
        self.rate = self._decoder.rate
        self.channels = self._decoder.channels
        self.samples = self._decoder.samples
        if self.rate not in RATES:
            raise AudioError(
                f"{self.name}: its header says {self.rate} Hz; "
                f"{RATES[0]} to {RATES[-1]} Hz can be read"
            )
        if self.samples == 0:
            raise AudioError(f"{self.name} has a header but no samples; record it again")

    def _check_whole(self, stated: tuple[int, int] | None, cut: bool) -> None:
        """Refuse a file that lacks a sample or more that its header states, or part of a page."""
        samples = self.samples
        promised, there = stated or (0, 0)
        if samples is None or not there:
            if promised > there:
                self._broken(f"ends after {there} of {promised} bytes of sound")
        elif (whole := samples * promised // there) > samples:
            self._broken(f"ends after {samples / self.rate:.2f} s of {whole / self.rate:.2f} s")
        if cut:
            self._broken("breaks off inside a page")

    def _next(self, size: int) -> Float32[np.ndarray, "channels samples"]:
        try:
            return self._decoder.read(size)
        except EOFError as error:
            self._broken(f"breaks off at {self._position / self.rate:.2f} s ({error})")
            self.samples = self._position
            return np.zeros((self.channels, 0), np.float32)

    def _check_end(self) -> None:
        if self._position == 0:
            raise AudioError(f"{self.name} holds no samples that can be decoded; fetch it again")
        if self.samples is not None and self._position < self.samples:
            stated = self.samples / self.rate
            self._broken(f"ends after {self._position / self.rate:.2f} s of {stated:.2f} s")

    def _broken(self, what: str) -> None:
        if not self._recover:
            raise AudioError(
                f"{self.name} {what}; fetch it again, or take what is there with "
                "vocable.Audio.read(PATH, recover=True)"
            )
        log.warning("%s %s; going on with what is there", self.name, what)


def _open(place: str | BinaryFile, name: str) -> Decoder:
    """Open with soundfile, and with PyAV (the extra `media`) what that does not know."""
    if isinstance(place, str) and place.lower().endswith(HEADERLESS):
        raise AudioError(
            f"{name} is raw PCM, which states neither rate nor format; pass it through "
            "vocable stream encode --format s16le --rate 16000 --channels 1"
        )
    try:
        return SoundDecoder(place)
    except AudioError as error:
        reason = str(error)
    if not media.is_installed():
        raise AudioError(
            f"{name} is not WAV, FLAC, OGG, Opus or MP3 ({reason}); "
            'M4A, MP4, WebM and others need an extra: pip install "vocable[media]"'
        )
    if not isinstance(place, str):
        place.seek(0)
    try:
        return media.MediaDecoder(place)
    except AudioError as error:
        raise AudioError(f"{name} is no recording ({error}); convert it to WAV or FLAC") from error
