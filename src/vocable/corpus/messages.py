"""What a run and those who make pieces for it tell each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from vocable.corpus.plan import Plan

At = Callable[[tuple[int, ...]], None]  # is told which recordings are next, by number


@dataclass(frozen=True)
class Work:
    """What each worker is given: the plan, and where it runs."""

    folder: Path
    plan: Plan
    device: str | None = None
    threads: int = 1


@dataclass(frozen=True)
class Care:
    """How a piece is made that has ended a process.

    at      is told what is heard or encoded next; nothing is heard ahead then
    alone   recordings that are encoded by themselves
    left    recordings that are left out, with the reason
    """

    at: At | None = None
    alone: frozenset[int] = frozenset()
    left: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """A piece is made: what it holds, and what it took in seconds of the clock and processor."""

    piece: int
    recordings: int
    failed: int
    seconds: float  # of sound
    tokens: int
    clock: float
    processor: float
