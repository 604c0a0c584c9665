"""Find the part of a WebM's or MKV's sound that is to be played.

Opus's own header states the delay (RFC 7845, 5.1), the last block what to leave out at the end.
FFmpeg follows the container's copy of the delay, which FFmpeg 5 wrote in samples of another rate.

Vorbis has no delay, as its first packet only starts the decoder. Copied from an Ogg file of one
page, FFmpeg counts that packet as sound, and states that much too many samples to leave out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .av_open import SKIP_MANUAL

OGG_PAGE = 4096  # bytes that libogg collects in a page; FFmpeg collects a second


@dataclass
class BlockEnds:
    """What to leave out: so many samples at the start, and what the last block states."""

    start: int  # samples
    silent: Any = None  # Vorbis's first packet
    starter: int = 0  # samples that FFmpeg counts for it
    by_ffmpeg: bool = False
    rate: int = 48_000
    samples: int = 0  # so far
    size: int = 0  # bytes so far

    def cut(self, block: np.ndarray, packet: Any, at: int | None, *, last: bool) -> np.ndarray:
        """Return what is to be played of a decoded frame."""
        if packet is self.silent:
            return block[:, :0]
        length = stop = block.shape[1]
        if packet.has_sidedata("skip_samples"):
            stop -= self._stated_end(packet)
        self.samples += length
        self.size += packet.size
        if not self.start:
            return block if stop == length else block[:, : max(0, stop)]
        start = min(self.start, length)
        self.start -= start
        return block[:, start : max(start, stop)]

    def lacking(self, last: Any) -> int:
        """Return how many samples the file states behind its last packet: it states none."""
        return 0

    def _stated_end(self, packet: Any) -> int:
        stated: int = int.from_bytes(bytes(packet.get_sidedata("skip_samples"))[4:8], "little")
        one_page = self.samples <= self.rate if self.by_ffmpeg else self.size <= OGG_PAGE
        return max(0, stated - self.starter) if one_page else stated


def block_ends(stream: Any, packets: Iterator[Any]) -> tuple[Iterator[Any], BlockEnds | None]:
    """Return the packets, and what to leave out where FFmpeg shall not decide that itself."""
    context = stream.codec_context
    header = context.extradata or b""
    first = next(packets)
    packets = itertools.chain([first], packets)
    if header.startswith(b"OpusHead"):
        ends = BlockEnds(start=int.from_bytes(header[10:12], "little"))
    elif (
        b"\x01vorbis" in header[:64]
        and len(header) > 128
        and not first.has_sidedata("skip_samples")
    ):
        rate = context.sample_rate
        ends = BlockEnds(0, first, _starter(header, first, rate), b"Lavf" in header, rate)
    else:
        return packets, None
    context.flags2 = context.flags2 | SKIP_MANUAL
    return packets, ends


def _starter(header: bytes, first: Any, rate: int) -> int:
    """Return the samples that FFmpeg counts for the first packet of Vorbis: half of its block."""
    sizes: int = header[header.index(b"\x01vorbis") + 28]
    lengths: list[int] = [2 ** (sizes & 15) // 2, 2 ** (sizes >> 4) // 2]
    stated = float((first.duration or 0) * first.time_base) * rate
    return min(lengths, key=lambda length: abs(length - stated))
