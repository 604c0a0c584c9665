"""Find the part of an MP4's sound that is to be played: after the encoder's delay, up to the end.

It is stated by edits (ISO/IEC 14496-12, 8.6.6) and by iTunes's tag iTunSMPB: delay, padding and
length in hex. Both count ticks of the track. FFmpeg skips as many samples, which is half of it in
HE-AAC; plays the last frame whole; and loses it where an edit is rounded to milliseconds.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np

from ..binary_streams import BinaryFile
from .av_open import SKIP_MANUAL, open_container

UNITS = Fraction(1, 1000), Fraction(1, 600)  # seconds; what most MP4s state edits in
ROUNDING = Fraction(1, 500)  # seconds; more than a unit
CORE_FRAME, SBR_DELAY = 1024, 481  # samples of HE-AAC's core; a decoder is late by the second


@dataclass(frozen=True)
class Edit:
    """The ticks to play: from `begin` up to `end`, or up to the end that the last packet states."""

    begin: int
    end: int | None
    whole: int | None  # the tick at which the last packet ends, where that is certain
    per_tick: Fraction  # samples
    late: int  # samples by which the decoder is late
    inside: range  # ticks at which a frame plays whole, if its packet is not the last

    def cut(self, block: np.ndarray, packet: Any, at: int | None, *, last: bool) -> np.ndarray:
        """Return what is to be played of a decoded frame that begins at a tick."""
        if at is None or (at in self.inside and not last):
            return block
        if packet.is_discard and at >= self.begin:  # between two edits
            return block[:, :0]
        end = at + packet.duration if last and self.end is None else self.end
        start = self._samples(self.begin - at)
        if end is None or self.per_tick.denominator != 1:  # not exact to the sample
            return block[:, start:]
        return block[:, start : self._samples(end - at)]

    def lacking(self, last: Any) -> int:
        """Return how many samples the file states behind its last packet."""
        if self.whole is None or last.pts is None:
            return 0
        ticks: int = self.whole - last.pts - last.duration
        return max(0, round(ticks * self.per_tick))

    def _samples(self, ticks: int) -> int:
        return max(0, round(ticks * self.per_tick) + self.late)


def open_mp4(container: Any, file: str | BinaryFile) -> tuple[Any, Iterator[Any], Edit | None]:
    """Open a file as MP4; return it, its packets, and what to play: None if FFmpeg decides."""
    packets, first = _peek(container)
    edited = container.streams.audio[0].duration
    if first.pts is None or first.pts > 0 or edited is None:  # it begins later than the picture
        return container, packets, None
    container.close()
    container = open_container(file, advanced_editlist="0")
    packets, first = _peek(container)
    stream = container.streams.audio[0]
    end, tick = stream.duration + first.pts, stream.time_base
    if edited == stream.duration or abs(edited - end) * tick <= ROUNDING:
        return container, packets, _edit(container, first, end, end)
    if end - edited < first.duration:
        edited = _rounded_up(edited, tick)
    container.close()
    container = open_container(file)
    packets, first = _peek(container)
    return container, packets, _edit(container, first, edited, None)


def _rounded_up(ticks: int, tick: Fraction) -> int:
    """Return how many ticks an edit may stand for that ends within the last packet.

    Where the packets state no end, as with MP3, it states the end, often rounded down.
    """
    for unit in UNITS:
        if abs(round(ticks * tick / unit) * unit - ticks * tick) < tick:
            return ticks + ceil(unit / tick)
    return ticks


def _peek(container: Any) -> tuple[Iterator[Any], Any]:
    packets = container.demux(audio=0)
    first = next(packets)
    return itertools.chain([first], packets), first


def _edit(container: Any, first: Any, end: int | None, whole: int | None) -> Edit:
    stream, begin = container.streams.audio[0], 0
    context = stream.codec_context
    context.flags2 = context.flags2 | SKIP_MANUAL
    stated = _itunes_tag(container.metadata.get("iTunSMPB", ""), stream.duration)
    if stated and first.pts == 0:
        begin, end = stated[0], sum(stated)
    elif stated and first.pts == -stated[0]:
        end = stated[1]
    far = int(1 / stream.time_base)  # a second
    inside = range(begin + far, (end or 0) - far) if whole else range(0)
    if stream.frames == 0:  # in fragments: the header does not know the whole
        end, whole, inside = None, None, range(begin + far, 2**62)
    per_tick = context.sample_rate * stream.time_base
    return Edit(begin, end, whole, per_tick, _late(context, first, begin, per_tick), inside)


def _itunes_tag(text: str, duration: int) -> tuple[int, int] | None:
    """Return the delay and the length in ticks; None where the tag is not of this sound."""
    try:
        delay, padding, length = (int(word, 16) for word in text.split()[1:4])
    except ValueError:
        return None
    unit = round(duration / max(1, delay + padding + length))  # 2 where the core is counted
    fits = abs((delay + padding + length) * unit - duration) <= CORE_FRAME * unit
    return (delay * unit, length * unit) if fits else None


def _late(context: Any, first: Any, begin: int, per_tick: Fraction) -> int:
    """Return the samples by which HE-AAC's decoder is late; 0 where the file's delay counts them.

    iTunes leaves them to the decoder. Fraunhofer's encoder, as FFmpeg uses it, counts them: its
    delay is then whole frames and these samples.
    """
    frame = first.duration * per_tick
    skipped = (begin - first.pts) * per_tick
    if "HE-AAC" not in str(context.profile) or skipped == 0:
        return 0
    late = SBR_DELAY * frame / CORE_FRAME
    return 0 if skipped % frame == late % frame else int(late)
