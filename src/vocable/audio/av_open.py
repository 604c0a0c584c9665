"""Open a file with PyAV (the extra `media`), and say why where that fails."""

from __future__ import annotations

from typing import Any

from ..binary_streams import BinaryFile
from ..errors import AudioError
from .container_end import lacks_index
from .fault import Fault
from .source import opened

SKIP_MANUAL = 1 << 29  # FFmpeg's flag for a decoder that leaves out nothing itself


def open_container(file: str | BinaryFile, **options: str) -> Any:
    """Return FFmpeg's view of a file that has an audio track.

    Raises AudioError for one that has none or is not known, and Fault for one that is cut.
    """
    import av

    if not isinstance(file, str):
        file.seek(0)
    container: Any
    try:
        container = av.open(_without_protocol(file), options=options)
    except errors() as error:
        _check_index(file)
        raise AudioError(reason(error)) from error
    if not container.streams.audio:
        container.close()
        _check_index(file)
        raise AudioError("it has no audio track")
    if container.streams.audio[0].codec_context is None:
        container.close()
        raise AudioError("FFmpeg does not know the codec of its audio track")
    return container


def _without_protocol(file: str | BinaryFile) -> str | BinaryFile:
    """Return a path that FFmpeg takes for a path, even where it reads like a URL (10:30.m4a)."""
    return f"file:{file}" if isinstance(file, str) else file


def errors() -> tuple[type[Exception], ...]:
    """Return what PyAV raises where FFmpeg fails."""
    import av

    return av.FFmpegError, OSError, ValueError


def _check_index(file: str | BinaryFile) -> None:
    with opened(file) as plain:
        if lacks_index(plain):
            raise Fault("ends before its index, without which no MP4 can be read")


def reason(error: Exception) -> str:
    """Return what FFmpeg says of an error."""
    return str(getattr(error, "strerror", None) or error)
