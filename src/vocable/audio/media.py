"""Decode M4A, MP4, WebM and what else FFmpeg knows, through PyAV (the extra `media`)."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float32

from ..binary_streams import BinaryFile
from ..errors import AudioError


def is_installed() -> bool:
    """Say whether PyAV can be imported."""
    return importlib.util.find_spec("av") is not None


class MediaDecoder:
    """Reads the first audio track of a file from its beginning to its end."""

    samples: int | None = None  # containers state a duration, which is not exact

    def __init__(self, place: str | BinaryFile) -> None:
        import av

        try:
            self._container: Any = av.open(place)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise AudioError(str(getattr(error, "strerror", None) or error)) from error
        if not self._container.streams.audio:
            self._container.close()
            raise AudioError("it has no audio track")
        context = self._container.streams.audio[0].codec_context
        self.rate: int = context.sample_rate
        self.channels: int = context.channels
        self._blocks = self._decode()
        self._rest = np.zeros((self.channels, 0), np.float32)

    def read(self, samples: int) -> Float32[np.ndarray, "channels samples"]:
        """Return the next samples, none at the end; raise EOFError where decoding fails."""
        parts, have = [self._rest], self._rest.shape[1]
        while have < samples and (block := next(self._blocks, None)) is not None:
            parts.append(block)
            have += block.shape[1]
        joined = np.concatenate(parts, axis=1)
        self._rest = joined[:, samples:]
        return np.ascontiguousarray(joined[:, :samples])

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    def _decode(self) -> Iterator[np.ndarray]:
        import av

        try:
            for frame in self._container.decode(audio=0):
                yield self._planes(frame)
        except (av.FFmpegError, OSError) as error:
            raise EOFError(str(getattr(error, "strerror", None) or error)) from error

    def _planes(self, frame: Any) -> np.ndarray:
        """Return a frame as float32 `[channels, samples]` within ±1."""
        if frame.sample_rate != self.rate or frame.layout.nb_channels != self.channels:
            raise EOFError("rate or channels change on the way")
        array: np.ndarray = frame.to_ndarray()
        if not frame.format.is_planar:
            array = array.reshape(-1, self.channels).T
        if array.dtype.kind == "f":
            return array.astype(np.float32, copy=False)
        if array.dtype == np.uint8:
            return (array.astype(np.float32) - 128) / 128
        return (array / 2.0 ** (8 * array.dtype.itemsize - 1)).astype(np.float32)
