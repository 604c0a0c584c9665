"""Choose the decoder of a file: soundfile, or PyAV with the extra `media`."""

from __future__ import annotations

import io
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from ..binary_streams import BinaryFile
from ..errors import AudioError
from . import av_decoder
from .fault import Fault
from .soundfile_decoder import SoundfileDecoder
from .source import opened

RAW_PCM = (".raw", ".pcm")  # endings of files without a header


@runtime_checkable
class Decoder(Protocol):
    """Decodes one file, by whichever library."""

    rate: int
    channels: int
    samples: int | None  # None where the file does not state it

    def read(self, samples: int) -> Float32[np.ndarray, "channels samples"]:
        """Return the next samples, at most this many, none at the end.

        Raises Fault where the file is cut short or damaged.
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
    _refuse_others(file, name)
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
        raise AudioError(f"{name} is not a recording ({error}); {_remedy(file)}") from error


def _refuse_others(file: str | BinaryFile, name: str) -> None:
    """Say what a file is that is often passed in place of a recording."""
    with opened(file) as plain:
        plain.seek(0)
        head = plain.read(6)
    if head[:4] == b"\x89vcb":
        raise AudioError(
            f"{name} is a token file, not a recording; `vocable decode`, or codec.decode_to, makes "
            "sound of it"
        )
    if head == b"\x93NUMPY":
        raise AudioError(
            f"{name} is an array of NumPy, not a recording; pass samples by numpy.load with their "
            "rate, and tokens to `vocable decode`"
        )


def _remedy(file: str | BinaryFile) -> str:
    if isinstance(getattr(file, "file", file), io.BytesIO):  # perhaps shown as a part
        return 'pass bare samples as an array, numpy.frombuffer(data, "int16"), with their rate'
    return "convert it to WAV or FLAC"
