"""Decode M4A, MP4, WebM and whatever else FFmpeg reads, through PyAV (the extra `media`)."""

from __future__ import annotations

import importlib.util
import itertools
import logging
from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from ..binary_streams import BinaryFile
from ..errors import AudioError
from .av_frames import FloatFrames, take_layout
from .av_open import errors, open_container, reason
from .container_end import lacking_bytes, stated_seconds
from .fault import Fault
from .matroska import block_ends
from .mp4_edit import open_mp4
from .source import opened

log = logging.getLogger("vocable")

SHORT = 0.5  # seconds that a duration may be longer than the sound


def is_installed() -> bool:
    """Return whether PyAV can be imported."""
    return importlib.util.find_spec("av") is not None


@runtime_checkable
class Trim(Protocol):
    """Which part of the decoded sound is the recording."""

    def cut(self, block: np.ndarray, packet: Any, at: int | None, *, last: bool) -> np.ndarray:
        """Return what is to be played of a decoded frame that begins at a tick of its stream."""
        ...

    def lacking(self, last: Any) -> int:
        """Return how many samples the file states behind its last packet."""
        ...


class AvDecoder:
    """Decodes the first audio track of a file from beginning to end."""

    samples: int | None = None  # unknown: the duration that a container states is not exact

    def __init__(self, file: str | BinaryFile, name: str) -> None:
        self._name = name
        with opened(file) as plain:
            self._lacking_bytes = lacking_bytes(plain)
        self._container, self._packets, self._trim = _open(file)
        self._stream = self._container.streams.audio[0]
        if (tracks := len(self._container.streams.audio)) > 1:
            log.warning("%s holds %d audio tracks; the first is read", name, tracks)
        order = take_layout(self._stream.codec_context)
        self.rate: int = self._stream.codec_context.sample_rate
        self.channels = len(order)
        self._frames, self._errors = FloatFrames(order), errors()
        self._length = 0  # samples decoded so far
        self._faults = 0  # packets that could not be decoded
        self._fault: Fault | None = None  # to be raised when the samples before it are read
        self._blocks = self._decode()
        self._pending = self._empty = np.zeros((self.channels, 0), np.float32)

    def read(self, samples: int) -> Float32[np.ndarray, "channels samples"]:
        """Return the next samples, none at the end; raise Fault where decoding fails."""
        blocks, length = [self._pending], self._pending.shape[1]
        while length < samples and self._fault is None:
            if (block := next(self._blocks, None)) is None:
                break
            blocks.append(block)
            length += block.shape[1]
        joined = np.concatenate(blocks, axis=1)
        self._pending = joined[:, samples:]
        if length == 0 and self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault
        return np.ascontiguousarray(joined[:, :samples])

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _decode(self) -> Iterator[np.ndarray]:
        """Yield the recording in pieces, and an empty one for a fault, which is set then."""
        convert, trim, last = self._frames.convert, self._trim, None
        kind, length, faults = (self.rate, self.channels), 0, 0
        for packet, following in itertools.pairwise(self._demux()):
            last = packet if packet.size else last
            is_last = following is None or following.size == 0  # an empty one drains the decoder
            for frame in self._decoded(packet):
                if (frame.sample_rate, frame.layout.nb_channels) != kind:
                    self._fault = self._change(frame)
                    yield self._empty
                    return
                block = convert(frame)
                length = block.shape[1]
                if trim is not None:
                    block = trim.cut(block, packet, frame.pts, last=is_last)
                self._length += block.shape[1]
                yield block
            if self._fault is not None:
                yield self._empty
            if self._faults > faults:
                faults += 1
                if not is_last:
                    yield self._silence(packet, length)
        self._check_end(last)
        yield self._empty

    def _silence(self, packet: Any, length: int) -> np.ndarray:
        """Return what stands for a packet that cannot be decoded, as long as the frame before."""
        block = np.zeros((self.channels, length), np.float32)
        if self._trim is not None:
            block = self._trim.cut(block, packet, packet.pts, last=False)
        return block

    def _demux(self) -> Iterator[Any]:
        """Yield the packets, and None at the end."""
        try:
            yield from self._packets
        except self._errors as error:
            self._fault = Fault(reason(error))
        yield None

    def _decoded(self, packet: Any) -> list[Any]:
        """Return the frames of a packet; the first packet that cannot be decoded is a fault."""
        try:
            frames: list[Any] = packet.decode()
        except self._errors as error:
            self._faults += 1
            if self._faults == 1:
                self._fault = Fault(reason(error), goes_on=True)
            return []
        return frames

    def _change(self, frame: Any) -> Fault:
        """Return the fault of a frame whose rate or channels are not those of the beginning."""
        return Fault(
            f"goes on with {frame.sample_rate} Hz and {frame.layout.nb_channels} channels "
            f"after {self.rate} Hz and {self.channels} channels",
            advice="split it there",
        )

    def _check_end(self, last: Any) -> None:
        """Say what lacks at the end."""
        if self._faults > 1:
            log.warning("%s: %d packets cannot be decoded in all", self._name, self._faults)
        if last is None or self._fault is not None:
            return
        text = "%s of what its header states are not there"
        if self._trim is not None and (lacking := self._trim.lacking(last)):
            self._fault = Fault(text % f"{lacking} samples")
        elif self._lacking_bytes:
            self._fault = Fault(text % f"{self._lacking_bytes} bytes")
        else:
            self._check_duration()

    def _check_duration(self) -> None:
        """Warn of a gap: FFmpeg goes on behind a damaged place without a word."""
        there = self._length / self.rate
        if there + SHORT < (stated := stated_seconds(self._stream)):
            text = "%s states %.2f s of sound and holds %.2f s; some of it is lost"
            log.warning(text, self._name, stated, there)


def _open(file: str | BinaryFile) -> tuple[Any, Iterator[Any], Trim | None]:
    """Return FFmpeg's view of a file, the packets of its first audio track, and what to play."""
    try:
        container = open_container(file)
        if "mp4" in container.format.name:
            return open_mp4(container, file)
        packets = container.demux(audio=0)
        if "matroska" in container.format.name:
            return container, *block_ends(container.streams.audio[0], packets)
        return container, packets, None
    except errors() as error:
        raise AudioError(reason(error)) from error
