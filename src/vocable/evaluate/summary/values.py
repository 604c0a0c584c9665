"""Hold what the results of a sweep come to: what tables, files and reports show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vocable.evaluate.intervals import Interval
from vocable.evaluate.speakers import Verification, VoiceKept
from vocable.evaluate.token_use import TokenUse
from vocable.evaluate.words import WordErrors

LEVEL = 0.05  # of tests: a difference is sure below it


@dataclass(frozen=True)
class Cell:
    """The mean of a measure, its interval over owners, and how many recordings have a value."""

    interval: Interval
    scored: int


@dataclass(frozen=True)
class Row:
    """One system over one set.

    bitrate   bit per second, over all that it made: total bits / total seconds; None where unknown
    delay     seconds by which what it made comes late, in the median; NaN if it made nothing
    asked     recordings of the set
    owners    what intervals draw, in the set: speakers, or recordings by themselves
    made      recordings of which it made something
    cells     by measure, those that have any value
    faults    why it made nothing, with how often, the commonest first
    unscored  why measures have no value, with how often, by measure
    words     what decoding does to words, by recogniser
    voices    what it does to voices, by embedding
    """

    set: str
    system: str
    family: str
    bitrate: float | None
    delay: float
    asked: int
    owners: int
    made: int
    cells: Mapping[str, Cell]
    faults: Mapping[str, int]
    unscored: Mapping[str, Mapping[str, int]]
    words: Mapping[str, WordErrors] = field(default_factory=dict)
    voices: Mapping[str, VoiceKept] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """Whether two systems differ: the paired difference `second - first` over one set.

    p         of the difference, by sign flips of owners, two-sided
    adjusted  p for all pairs of the set and the measure together (Holm 1979)
    needed    owners (speakers, or recordings by themselves) that would settle a difference of this
              size with a power of 80 %, at the spread that was found and at the level that Holm
              asks of this pair; None where the difference is nil or has no spread to go by
    """

    set: str
    measure: str
    first: str
    second: str
    gain: Interval
    scored: int
    p: float
    adjusted: float
    needed: int | None

    @property
    def sure(self) -> bool:
        """Whether the systems differ, among all pairs that were asked about."""
        return self.adjusted < LEVEL


@dataclass(frozen=True)
class Ranks:
    """How sure the order of systems is: over draws of owners, how often each has each place.

    shares    by system, in the order of their means: the share of draws in each place, best first;
              systems that are equal in a draw share their places
    kept      the share of draws in which the whole order is that of the means, without ties
    scored    recordings that all of these systems have a value for; only these count
    """

    set: str
    measure: str
    shares: Mapping[str, tuple[float, ...]]
    kept: float
    scored: int


@dataclass(frozen=True)
class Doubt:
    """A reason to look twice at a system, or at a whole set where `system` is empty."""

    set: str
    system: str
    reason: str


@dataclass(frozen=True)
class Summary:
    """All of it.

    rows   by set, controls first, then in the order that was asked for
    use    how tokens are used, by set and system, where there are tokens
    own    trials of the recordings as they are, by set and embedding: its own errors on these
           speakers, with the floor and the ceiling of similarities. None where there are not two
           speakers, one of them with two recordings
    """

    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    ranks: tuple[Ranks, ...]
    doubts: tuple[Doubt, ...]
    use: Mapping[tuple[str, str], TokenUse]
    own: Mapping[tuple[str, str], Verification | None] = field(default_factory=dict)

    def sets(self) -> tuple[str, ...]:
        """Return the sets that have rows, in order."""
        return tuple(dict.fromkeys(row.set for row in self.rows))

    def of(self, of_set: str) -> list[Row]:
        """Return the rows of a set."""
        return [row for row in self.rows if row.set == of_set]
