"""Hold what the results of a sweep come to: what tables, files and reports show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vocable.evaluate.intervals import Interval
from vocable.evaluate.token_use import TokenUse


@dataclass(frozen=True)
class Cell:
    """The mean of a measure over the `scored` recordings that have a value, interval over owners."""

    interval: Interval
    scored: int


@dataclass(frozen=True)
class Row:
    """One system over one set.

    bitrate   bit per second, over all that it made: total bits / total seconds; None where unknown
    delay     seconds by which what it made comes late, in the median
    asked     recordings of the set
    made      recordings of which it made something
    cells     by measure
    faults    why it made nothing, with how often
    unscored  why measures have no value, with how often, by measure
    """

    set: str
    system: str
    family: str
    bitrate: float | None
    delay: float
    asked: int
    made: int
    cells: Mapping[str, Cell]
    faults: Mapping[str, int]
    unscored: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Difference:
    """Whether two systems differ: the paired difference `second - first` over one set.

    p         of the difference, by sign flips of owners, two-sided
    adjusted  p for all pairs of the set and the measure together (Holm 1979)
    needed    owners (speakers, or recordings by themselves) that would settle a difference of this
              size with a power of 80 %, at the spread that was found; None where it is nil
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


@dataclass(frozen=True)
class Ranks:
    """How sure the order of systems is: over draws of owners, how often each has each place.

    shares    by system, in the order of their means: the share of draws in each place, best first
    kept      the share of draws in which the whole order is that of the means
    """

    set: str
    measure: str
    shares: Mapping[str, tuple[float, ...]]
    kept: float


@dataclass(frozen=True)
class Doubt:
    """A reason to look twice at a system, or at a whole set where `system` is empty."""

    set: str
    system: str
    reason: str


@dataclass(frozen=True)
class Summary:
    """All of it. `use` is how tokens are used, by set and system, where there are tokens."""

    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    ranks: tuple[Ranks, ...]
    doubts: tuple[Doubt, ...]
    use: Mapping[tuple[str, str], TokenUse]
