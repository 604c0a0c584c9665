"""Decode WAV, FLAC, OGG, Opus, MP3 and their kin through soundfile (libsndfile)."""

from __future__ import annotations

import os

import numpy as np
import soundfile
from jaxtyping import Float32

from ..binary_streams import BinaryFile
from ..errors import AudioError

ENDLESS = 2**62  # libsndfile's count of frames where a header states none


def native(path: str) -> str | bytes:
    """Return a path as libsndfile takes it: bytes, so that names which are no text work too."""
    return path if os.name == "nt" else os.fsencode(path)


class SoundDecoder:
    """Reads a file from its beginning to its end; it never seeks."""

    def __init__(self, place: str | BinaryFile) -> None:
        try:
            self._file = _Forward(native(place) if isinstance(place, str) else place)
        except soundfile.LibsndfileError as error:
            raise AudioError(error.error_string.strip(" .")) from error
        self.rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        frames: int = self._file.frames
        self.samples: int | None = frames if frames < ENDLESS else None

    def read(self, samples: int) -> Float32[np.ndarray, "channels samples"]:
        """Return the next samples, none at the end; raise EOFError where decoding fails."""
        try:
            rows = self._file.read(samples, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise EOFError(error.error_string.strip(" .").removeprefix("Error : ")) from error
        return np.ascontiguousarray(rows.T)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class _Forward(soundfile.SoundFile):  # type: ignore[misc]
    """A file that says it cannot seek.

    SoundFile seeks to where it is after every read. In an MP3 that loses the bits that a frame
    borrows from earlier ones, so the first samples of a block come out wrong (by up to 0.1).
    """

    def seekable(self) -> bool:
        return False
