"""Decode M4A, MP4, WebM and whatever else FFmpeg reads, through PyAV (the extra `media`)."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float32

from ..binary_streams import BinaryFile
from ..errors import AudioError


def is_installed() -> bool:
    """Return whether PyAV can be imported."""
    return importlib.util.find_spec("av") is not None


class AvDecoder:
    """Decodes the first audio track of a file from beginning to end."""

    samples: int | None = None  # unknown: the duration that a container states is not exact

    def __init__(self, file: str | BinaryFile) -> None:
        import av

        try:
            self._container: Any = av.open(_without_protocol(file))
        except (av.FFmpegError, OSError, ValueError) as error:
            raise AudioError(_reason(error)) from error
        if not self._container.streams.audio:
            self._container.close()
            raise AudioError("it has no audio track")
        context = self._container.streams.audio[0].codec_context
        self.rate: int = context.sample_rate
        self.channels: int = context.channels
        self._frames = self._decode()
        self._pending = np.zeros((self.channels, 0), np.float32)  # decoded, not yet returned

    def read(self, samples: int) -> Float32[np.ndarray, "channels samples"]:
        """Return the next samples, none at the end; raise EOFError where decoding fails."""
        blocks, length = [self._pending], self._pending.shape[1]
        while length < samples and (block := next(self._frames, None)) is not None:
            blocks.append(block)
            length += block.shape[1]
        joined = np.concatenate(blocks, axis=1)
        self._pending = joined[:, samples:]
        return np.ascontiguousarray(joined[:, :samples])

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _decode(self) -> Iterator[np.ndarray]:
        import av

        try:
            for frame in self._container.decode(audio=0):
                yield self._as_float(frame)
        except (av.FFmpegError, OSError) as error:
            raise EOFError(_reason(error)) from error

    def _as_float(self, frame: Any) -> np.ndarray:
        """Return one of FFmpeg's frames as float32 `[channels, samples]` within ±1."""
        if frame.sample_rate != self.rate or frame.layout.nb_channels != self.channels:
            raise EOFError("the rate or the number of channels changes within the file")
        array: np.ndarray = frame.to_ndarray()
        if not frame.format.is_planar:
            array = array.reshape(-1, self.channels).T
        if array.dtype.kind == "f":
            return array.astype(np.float32, copy=False)
        if array.dtype == np.uint8:
            return (array.astype(np.float32) - 128) / 128
        return (array / 2.0 ** (8 * array.dtype.itemsize - 1)).astype(np.float32)


def _without_protocol(file: str | BinaryFile) -> str | BinaryFile:
    """Return a path that FFmpeg takes for a path, even where it reads like a URL (10:30.m4a)."""
    return f"file:{file}" if isinstance(file, str) else file


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
