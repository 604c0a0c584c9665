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
from . import av_decoder
from .fault import FETCH, Fault
from .header_length import DataLength, data_length, ends_inside_ogg_page
from .samples import check_finite
from .soundfile_decoder import SoundfileDecoder
from .source import name_of, open_seekable

log = logging.getLogger("vocable")

BLOCK = 2**16  # samples
RAW_PCM = (".raw", ".pcm")  # endings of files without a header
RATES = range(1000, 768_001)  # Hz; a header that states another is damaged or hostile


@runtime_checkable
class Decoder(Protocol):
    """Decodes one file, by whichever library."""

    rate: int
    channels: int
    samples: int | None  # None where the file does not state it

    def read(self, samples: int) -> Float32[np.ndarray, "channels samples"]:
        """Return the next samples, at most this many, none at the end.

        Raises EOFError where the file is cut short or damaged.
        """
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class AudioReader:
    """Goes through a recording in blocks: a path, an open binary file, or "-" (stdin).

    `samples` is the length per channel that the file states, None where it states none (M4A, WebM).
    Raises FileNotFoundError and IsADirectoryError as they are, and AudioError for a file that is
    not a recording, has no samples, holds NaN or infinity, or ends before what its header states.
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
        self._position = 0  # samples read so far
        self._cleanup = contextlib.ExitStack()
        try:
            file = open_seekable(source, self._cleanup)
            length, inside_page = data_length(file), ends_inside_ogg_page(file)
            self._decoder = _open(file, self.name)
            self._cleanup.callback(self._decoder.close)
            self._read_header()
            self._check_length(length, inside_page)
        except BaseException:
            self._cleanup.close()
            raise

    def blocks(self, size: int = BLOCK) -> Iterator[Float32[np.ndarray, "channels samples"]]:
        """Yield the recording in order, `size` samples at a time; the last block may be shorter."""
        while True:
            block = self._read(size)
            if block.shape[1] == 0:
                break
            check_finite(block, self.rate, name=self.name, start=self._position)
            self._position += block.shape[1]
            yield block
        self._check_end()

    def close(self) -> None:
        """Close the file."""
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

    def _read_header(self) -> None:
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

    def _check_length(self, data: DataLength | None, inside_page: bool) -> None:
        """Refuse a file that lacks a sample or more of what its header states, or part of a page.

        The decoder's own number of samples belongs to the bytes that are present.
        """
        if data is not None:
            if self.samples is None or data.present == 0:
                if data.stated > data.present:
                    self._report_cut(f"ends after {data.present} of {data.stated} bytes of sound")
            elif (stated := self.samples * data.stated // data.present) > self.samples:
                there, whole = self.samples / self.rate, stated / self.rate
                self._report_cut(f"ends after {there:.2f} s of {whole:.2f} s")
        if inside_page:
            self._report_cut("breaks off inside a page")

    def _read(self, size: int) -> Float32[np.ndarray, "channels samples"]:
        try:
            return self._decoder.read(size)
        except EOFError as error:
            advice = error.advice if isinstance(error, Fault) else FETCH
            self._report_cut(f"breaks off at {self._position / self.rate:.2f} s ({error})", advice)
            if isinstance(error, Fault) and error.goes_on:
                return self._read(size)
            self.samples = self._position
            return np.zeros((self.channels, 0), np.float32)

    def _check_end(self) -> None:
        if self._position == 0:
            raise AudioError(
                f"{self.name} holds no samples that can be decoded; record or fetch it again"
            )
        if self.samples is not None and self._position < self.samples:
            stated = self.samples / self.rate
            self._report_cut(f"ends after {self._position / self.rate:.2f} s of {stated:.2f} s")

    def _report_cut(self, what: str, advice: str = FETCH) -> None:
        """Raise, or with `recover` warn, that the file is cut short or damaged."""
        if not self._recover:
            raise AudioError(
                f"{self.name} {what}; {advice}, or take what is there with "
                "vocable.Audio.read(PATH, recover=True)"
            )
        log.warning("%s %s; going on with what is there", self.name, what)


def _open(file: str | BinaryFile, name: str) -> Decoder:
    """Open with soundfile, else with PyAV (the extra `media`)."""
    if isinstance(file, str) and file.lower().endswith(RAW_PCM):
        raise AudioError(
            f"{name} is raw PCM, which states neither rate nor format; pass it through "
            "vocable stream encode --format s16le --rate 16000 --channels 1"
        )
    try:
        return SoundfileDecoder(file)
    except AudioError as error:
        reason = str(error)
    if not av_decoder.is_installed():
        raise AudioError(
            f"{name} is not WAV, FLAC, OGG, Opus or MP3 ({reason}); "
            'M4A, MP4, WebM and others need an extra: pip install "vocable[media]"'
        )
    try:
        return av_decoder.AvDecoder(file, name)
    except Fault as fault:
        raise AudioError(f"{name} {fault}; {fault.advice}") from fault
    except AudioError as error:
        raise AudioError(
            f"{name} is not a recording ({error}); convert it to WAV or FLAC"
        ) from error
