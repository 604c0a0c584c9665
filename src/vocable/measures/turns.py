"""Who speaks when in recordings of two channels: stretches of speech, turns, gaps, overlaps.

A stretch is speech between pauses: frames of 20 ms that are louder than -50 dBFS, than 25 dB below
the channel's loud ones, and than a third of the way from its quiet ones to these; pauses below
0.2 s are part of it, bursts below 0.1 s are none. Who speaks has the floor, and keeps it over
pauses, until a stretch of the other begins that ends later: that is a turn, and what lies between
is a gap, or an overlap, which counts below 0. So a word within another's turn is overlap and no
turn. After Heldner and Edlund, "Pauses, gaps and overlaps in conversations", 2010, and dGSLM,
Nguyen et al. 2022, arXiv:2203.16502.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vocable.errors import MeasureError
from vocable.measures.checks import check_rate, check_signal

FRAME = 0.02  # seconds
RANGE, QUIET, RISE = 25.0, -50.0, 1 / 3  # dB below loud frames, dBFS, share of the way to loud
PAUSE, BURST = 0.2, 0.1  # seconds


@dataclass(frozen=True)
class Spoken:
    """Speech of one channel, from second `begin` up to `end`."""

    channel: int
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin


def stretches(
    samples: Float[np.ndarray, " samples"], rate: int, channel: int = 0, pause: float = PAUSE
) -> list[Spoken]:
    """Return the stretches of speech in one channel, which pauses of so many seconds part.

    MeasureError for what is not one channel of finite samples.
    """
    samples, frame = check_signal(samples), round(FRAME * check_rate("a stretch", rate))
    powers = np.square(samples[: len(samples) // frame * frame])
    levels = 10 * np.log10(powers.reshape(-1, frame).mean(1) + 1e-12)
    audible = levels[levels > QUIET]
    if not audible.size:
        return []
    quiet, loud = float(np.percentile(levels, 10)), float(np.percentile(audible, 90))
    least = max(QUIET, loud - RANGE, quiet + RISE * (loud - quiet))
    edges = np.diff(levels > least, prepend=False, append=False).nonzero()[0]
    found: list[tuple[int, int]] = []  # frames, whose length is rounded at some rates
    for begin, end in edges.reshape(-1, 2).tolist():
        if found and (begin - found[-1][1]) * FRAME < pause:
            begin = found.pop()[0]
        found.append((begin, end))
    return [
        Spoken(channel, begin * frame / rate, end * frame / rate)
        for begin, end in found
        if (end - begin) * FRAME >= BURST
    ]


@dataclass(frozen=True)
class Turns:
    """The turns of a recording of `seconds`, in order.

    offsets     seconds from the end of a turn to the begin of the next, below 0 for an overlap
    spoken      seconds in which somebody speaks; both: in which two do
    """

    seconds: float
    turns: tuple[Spoken, ...]
    spoken: float
    both: float

    @property
    def offsets(self) -> list[float]:
        pairs = zip(self.turns, self.turns[1:], strict=False)
        return [later.begin - earlier.end for earlier, later in pairs]


def turns(samples: Float[np.ndarray, "channels samples"], rate: int) -> Turns:
    """Return the turns of a recording, each channel one speaker; MeasureError for what is none."""
    if np.ndim(samples) != 2:
        raise MeasureError(
            f"a recording has shape {np.shape(samples)}; wanted [channels, samples], a channel for "
            "each speaker"
        )
    each = [stretches(row, rate, channel) for channel, row in enumerate(samples)]
    found: list[Spoken] = []
    for one in sorted((one for some in each for one in some), key=lambda one: one.begin):
        if found and one.channel == found[-1].channel:
            found[-1] = Spoken(one.channel, found[-1].begin, one.end)
        elif not found or one.end > found[-1].end:
            found.append(one)
    many = np.zeros(samples.shape[1], np.int32)
    for one in (one for some in each for one in some):
        many[round(one.begin * rate) : round(one.end * rate)] += 1
    spoken, both = (float((many > limit).sum()) / rate for limit in (0, 1))
    return Turns(samples.shape[1] / rate, tuple(found), spoken, both)


def turn_statistics(recordings: Sequence[Turns]) -> dict[str, float]:
    """Return what recordings are like together; NaN where none has any.

    Turns in a minute, seconds of a turn and of a gap (mean), the share of passings of the floor
    that overlap, and the share of time with speech in which two speak.
    """
    offsets = np.array([offset for each in recordings for offset in each.offsets])
    lengths = [turn.seconds for each in recordings for turn in each.turns]
    gaps = offsets[offsets >= 0]
    return {
        "turns_per_minute": 60 * _ratio(len(lengths), sum(each.seconds for each in recordings)),
        "turn_seconds": _ratio(sum(lengths), len(lengths)),
        "gap_seconds": _ratio(float(gaps.sum()), len(gaps)),
        "overlapping_turns": _ratio(float((offsets < 0).sum()), len(offsets)),
        "overlapping_time": _ratio(
            sum(each.both for each in recordings), sum(each.spoken for each in recordings)
        ),
    }


def _ratio(some: float, all_of_it: float) -> float:
    return some / all_of_it if all_of_it else float("nan")
