"""Decode WAV, FLAC, OGG, Opus, MP3 and their relatives through soundfile (libsndfile)."""

from __future__ import annotations

import os

import numpy as np
import soundfile
from jaxtyping import Float32

from ..binary_streams import BinaryFile
from ..errors import AudioError
from .channel_order import vorbis_to_wav
from .fault import Fault
from .formats import ORDERED_AS_VORBIS

UNKNOWN_LENGTH = 2**40  # libsndfile's number of samples, or more, where nothing states one


def encoded_path(path: str) -> str | bytes:
    """Return a path as soundfile takes it: as bytes, since a name may not be valid Unicode."""
    return path if os.name == "nt" else os.fsencode(path)


class SoundfileDecoder:
    """Decodes a file from beginning to end, without seeking; the channels in WAV's order."""

    def __init__(self, file: str | BinaryFile) -> None:
        try:
            self._file = _Unseekable(encoded_path(file) if isinstance(file, str) else file)
        except soundfile.LibsndfileError as error:
            raise AudioError(error.error_string.strip(" .")) from error
        self.rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        length: int = self._file.frames
        self.samples: int | None = length if length < UNKNOWN_LENGTH else None
        vorbis = self._file.subtype in ORDERED_AS_VORBIS
        self._order = list(vorbis_to_wav(self.channels)) if vorbis else slice(None)
        self.is_mpeg: bool = self._file.subtype.startswith("MPEG")
        self._position, self._left = 0, self.samples
        self._fault: str | None = None

    def read(self, samples: int) -> Float32[np.ndarray, "channels samples"]:
        """Return the next samples, none at the end; raise Fault where decoding fails.

        What was decoded before the fault is returned first.
        """
        if self._fault is not None:
            raise Fault(self._fault)
        # One sample beyond the stated end makes the FLAC decoder look at what follows there.
        wanted = samples + (samples == self._left)
        rows = np.empty((wanted, self.channels), np.float32)
        if self.is_mpeg:
            rows.fill(np.nan)
        try:
            rows = self._file.read(out=rows)
        except soundfile.LibsndfileError as error:
            self._fault = error.error_string.strip(" .").removeprefix("Error : ")
            rows = rows[: self._decoded(rows)][: self._left]
            if len(rows) == 0:
                raise Fault(self._fault) from error
        self._position += len(rows)
        if self._left is not None:
            self._left -= len(rows)
        return np.ascontiguousarray(rows.T[self._order])

    def _decoded(self, rows: np.ndarray) -> int:
        """Return how many rows were filled before the fault; of MPEG libsndfile counts none."""
        if self.is_mpeg:
            filled = np.flatnonzero(~np.isnan(rows[:, -1]))
            return int(filled[-1]) + 1 if len(filled) else 0
        return int(self._file.tell()) - self._position

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Unseekable(soundfile.SoundFile):  # type: ignore[misc]
    """A file that claims not to be seekable.

    After every read, SoundFile seeks to the position it is at. In an MP3 that discards the bits
    that a frame takes from earlier ones, so a block begins with wrong samples (by up to 0.1).
    """

    def seekable(self) -> bool:
        return False
