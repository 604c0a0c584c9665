"""Choose the decoder of a file, and decode recordings that are joined in one."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from ..binary_streams import BinaryFile
from ..errors import AudioError
from . import av_decoder
from .file_part import FilePart, Part
from .soundfile_decoder import SoundfileDecoder

RAW_PCM = (".raw", ".pcm")  # endings of files without a header


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


def open_decoder(file: str | BinaryFile, name: str) -> Decoder:
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
    if not isinstance(file, str):
        file.seek(0)
    try:
        return av_decoder.AvDecoder(file)
    except AudioError as error:
        raise AudioError(
            f"{name} is not a recording ({error}); convert it to WAV or FLAC"
        ) from error


class PartsDecoder:
    """Decodes parts of a file one after the other, as one recording."""

    def __init__(self, file: BinaryFile, parts: tuple[Part, ...], name: str) -> None:
        """Open every part once: all must have the rate and the channels of the first."""
        self._file, self._parts, self._name = file, parts, name
        self._next = 0  # the part that is opened next
        self._decoder: Decoder | None = None
        lengths: list[int | None] = []
        for number in range(len(parts)):
            decoder = self._open(number)
            if number == 0:
                self.rate, self.channels = decoder.rate, decoder.channels
            self._check_same(decoder, number)
            lengths.append(decoder.samples)
            decoder.close()
        known = [length for length in lengths if length is not None]
        self.samples: int | None = sum(known) if len(known) == len(lengths) else None

    def read(self, samples: int) -> Float32[np.ndarray, "channels samples"]:
        """Return the next samples, none at the end; raise EOFError where decoding fails."""
        blocks, missing = [np.zeros((self.channels, 0), np.float32)], samples
        while missing and (decoder := self._decoder or self._advance()):
            block = decoder.read(missing)
            if block.shape[1] == 0:
                self.close()
            blocks.append(block)
            missing -= block.shape[1]
        return np.concatenate(blocks, axis=1)

    def close(self) -> None:
        """Close the part that is open."""
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None

    def _advance(self) -> Decoder | None:
        """Open the next part, None after the last."""
        if self._next == len(self._parts):
            return None
        self._decoder = self._open(self._next)
        self._next += 1
        return self._decoder

    def _open(self, number: int) -> Decoder:
        return open_decoder(FilePart(self._file, self._parts[number]), self._name)

    def _check_same(self, decoder: Decoder, number: int) -> None:
        if (decoder.rate, decoder.channels) != (self.rate, self.channels):
            raise AudioError(
                f"{self._name} is joined from recordings of {self.rate} Hz, {self.channels} "
                f"channels, and (number {number + 1} of {len(self._parts)}) of {decoder.rate} Hz, "
                f"{decoder.channels} channels; convert them to one rate, or keep them apart"
            )
