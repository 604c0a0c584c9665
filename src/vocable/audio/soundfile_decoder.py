"""Decode WAV, FLAC, OGG, Opus, MP3 and their relatives through soundfile (libsndfile)."""

from __future__ import annotations

import os

import numpy as np
import soundfile
from jaxtyping import Float32

from ..binary_streams import BinaryFile
from ..errors import AudioError

UNKNOWN_LENGTH = 2**62  # libsndfile's number of samples where a header states none


def encoded_path(path: str) -> str | bytes:
    """Return a path as soundfile takes it: as bytes, since a name may not be valid Unicode."""
    return path if os.name == "nt" else os.fsencode(path)


class SoundfileDecoder:
    """Decodes a file from beginning to end, without seeking."""

    def __init__(self, file: str | BinaryFile) -> None:
        try:
            self._file = _Unseekable(encoded_path(file) if isinstance(file, str) else file)
        except soundfile.LibsndfileError as error:
            raise AudioError(error.error_string.strip(" .")) from error
        self.rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        length: int = self._file.frames
        self.samples: int | None = length if length < UNKNOWN_LENGTH else None

    def read(self, samples: int) -> Float32[np.ndarray, "channels samples"]:
        """Return the next samples, none at the end; raise EOFError where decoding fails."""
        try:
            rows = self._file.read(samples, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise EOFError(error.error_string.strip(" .").removeprefix("Error : ")) from error
        return np.ascontiguousarray(rows.T)

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
