"""Read recordings of any length block by block, from paths, open files and stdin."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from math import ceil
from typing import Any

import numpy as np
from jaxtyping import Float32

from ..binary_streams import BinaryFile
from ..errors import AudioError
from .chunks import SoundData
from .contents import look
from .decoders import Decoder, open_decoder
from .fault import FETCH, Fault
from .file_part import FilePart, Part
from .flac_frames import FlacPastDamage, find_another_flac
from .mpeg_frames import next_frame
from .parts_decoder import PartsDecoder
from .rows import is_samples, with_rate
from .samples import RATES, check_samples
from .soundfile_decoder import SoundfileDecoder
from .source import name_of, open_seekable, opened

log = logging.getLogger("vocable")

BLOCK = 2**16  # samples


class AudioReader:
    """Goes through a recording in blocks: a path, an open file, the bytes of one, or "-" (stdin).

    `samples` is the length per channel that the file states, None where it states none (M4A, WebM,
    MP3 without an Info frame). The channels come in WAV's order. Recordings joined to a chain (OGG,
    Opus, MP3) are read as one.
    Raises FileNotFoundError and IsADirectoryError as they are, and AudioError for a file that is
    not a recording, has no samples, holds NaN, infinity or samples far beyond ±1 (unless
    `allow_loud`), or ends before what its header states. `recover=True` reads what is there of such
    a file, with a warning.
    """

    name: str
    rate: int  # Hz
    channels: int
    samples: int | None

    def __init__(self, source: Any, *, recover: bool = False, allow_loud: bool = False) -> None:
        if is_samples(source) or with_rate(source) is not None:
            raise AudioError(
                f"{type(source).__name__} holds samples in memory and is not a file; "
                "Audio(samples, rate) and codec.encode take them"
            )
        self.name = name_of(source)
        self._recover, self._allow_loud = recover, allow_loud
        self._position = 0  # samples read so far
        self._cleanup = contextlib.ExitStack()
        try:
            file = open_seekable(source, self._cleanup)
            self._file = self._cleanup.enter_context(opened(file))
            self._contents = look(self._file, recover=recover)
            self._check_size()
            self._decoder = self._open_decoder(file)
            self._cleanup.callback(self._decoder.close)
            self._read_header()
            self._check_length()
        except BaseException:
            self._cleanup.close()
            raise

    def blocks(self, size: int = BLOCK) -> Iterator[Float32[np.ndarray, "channels samples"]]:
        """Yield the recording in order, `size` samples at a time; the last block may be shorter."""
        while True:
            block = self._read(size)
            if block.shape[1] == 0:
                break
            check_samples(
                block, self.rate, name=self.name, start=self._position, allow_loud=self._allow_loud
            )
            self._position += block.shape[1]
            yield block
        self._check_end()

    def close(self) -> None:
        """Close the file."""
        self._cleanup.close()

    def __enter__(self) -> AudioReader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _open_decoder(self, file: str | BinaryFile) -> Decoder:
        contents, end = self._contents, self._file.seek(0, os.SEEK_END)
        if self._recover and contents.is_flac:
            return FlacPastDamage(self._file, self.name)
        parts = contents.parts or (Part(0, end),)
        if contents.is_plain and not (self._recover and contents.parts):
            whole = file if isinstance(file, str) else FilePart(file, parts[0])
            decoder = open_decoder(whole, self.name)
            if contents.parts or not isinstance(decoder, SoundfileDecoder) or not decoder.is_mpeg:
                return decoder
            decoder.close()  # it has guessed a length, since the file begins inside a frame
            parts = (Part(next_frame(self._file, 0, end) or 0, end, endless=True),)
        return PartsDecoder(self._file, parts, self.name, recover=self._recover)

    def _read_header(self) -> None:
        self.rate = self._decoder.rate
        self.channels = self._decoder.channels
        self.samples = self._contents.length(self._decoder.samples)
        if self.rate not in RATES:
            raise AudioError(
                f"{self.name}: its header says {self.rate} Hz; "
                f"{RATES[0]} to {RATES[-1]} Hz can be read"
            )
        if self.samples == 0:
            raise AudioError(f"{self.name} has a header but no samples; record it again")

    def _check_size(self) -> None:
        """Refuse a file whose header states less than there is, where no header could state it."""
        if not self._contents.loses_sound:
            return
        what = f"{self.name} has more sound than its header states, which cannot be mended here"
        if not self._recover:
            raise AudioError(f"{what}; write it again as FLAC, RF64 or W64")
        log.warning("%s; what its header states is read", what)

    def _check_length(self) -> None:
        """Refuse a file that lacks a sample or more of what its header states, or part of a page.

        The decoder's own number of samples belongs to the bytes that are present.
        """
        if (sound := self._contents.sound) is not None:
            self._check_sound(sound)
        if self._contents.ends_inside_page:
            self._report_cut("breaks off inside a page")

    def _check_sound(self, sound: SoundData) -> None:
        if sound.another is not None:
            self._report_another(sound.another)
        if sound.beyond:
            self._report_beyond(sound.beyond)
        elif sound.stated is None:
            return
        elif self.samples is None or sound.present == 0:
            if sound.stated > sound.present:
                self._report_cut(f"ends after {sound.present} of {sound.stated} bytes of sound")
        elif (stated := ceil(self.samples * sound.stated / sound.present)) > self.samples:
            there, whole = self.samples / self.rate, stated / self.rate
            self._report_cut(f"ends after {there:.2f} s of {whole:.2f} s")

    def _read(self, size: int) -> Float32[np.ndarray, "channels samples"]:
        try:
            block = self._decoder.read(size)
        except Fault as fault:
            self._report_fault(fault)
            if fault.goes_on:
                return self._read(size)
            return np.zeros((self.channels, 0), np.float32)
        if self.samples != self._decoder.samples and self.samples is not None:
            block = block[:, : self.samples - self._position]  # the last block is filled up
        return block

    def _report_fault(self, fault: Fault) -> None:
        """Report where decoding failed; what follows a whole FLAC file matters if it is another."""
        if self._position != self.samples:
            what = f"breaks off at {self._position / self.rate:.2f} s ({fault})"
            self._report_cut(what, fault.advice)
            if not fault.goes_on:
                self.samples = self._position
        elif (another := find_another_flac(self._file)) is not None:
            self._report_another(another)

    def _check_end(self) -> None:
        if self._position == 0:
            raise AudioError(
                f"{self.name} holds no samples that can be decoded; record or fetch it again"
            )
        if self.samples is not None and self._position < self.samples:
            stated = self.samples / self.rate
            self._report_cut(f"ends after {self._position / self.rate:.2f} s of {stated:.2f} s")

    def _report_another(self, position: int) -> None:
        """Raise, or with `recover` warn, that a second recording is joined to the first."""
        what = f"{self.name} holds another recording from byte {position} on"
        if not self._recover:
            raise AudioError(
                f"{what}; split it there, or take the first with "
                "vocable.Audio.read(PATH, recover=True)"
            )
        log.warning("%s, which is left out", what)

    def _report_beyond(self, count: int) -> None:
        """Warn that a file goes on after the sound that its header states."""
        if self._recover:
            what = "taken as sound"
        else:
            what = "left out; take them as sound with vocable.Audio.read(PATH, recover=True)"
        log.warning(
            "%s: %d bytes follow after the sound that its header states, %s", self.name, count, what
        )

    def _report_cut(self, what: str, advice: str = FETCH) -> None:
        """Raise, or with `recover` warn, that the file is cut short or damaged."""
        if not self._recover:
            raise AudioError(
                f"{self.name} {what}; {advice}, or take what is there with "
                "vocable.Audio.read(PATH, recover=True)"
            )
        log.warning("%s %s; going on with what is there", self.name, what)
