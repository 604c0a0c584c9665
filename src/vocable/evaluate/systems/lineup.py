"""Hold which systems judge speech and which other sound: anchors differ in their settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vocable.errors import MeasureError
from vocable.evaluate.systems.system import System

Systems = Sequence[System] | Callable[[bool], Sequence[System]]
"""Systems for all sets, or a function that returns those for speech (True) or for other sound."""


@dataclass(frozen=True)
class LineUp:
    """All systems of a sweep. Systems of one name, for speech and for other sound, are one row."""

    of_speech: tuple[System, ...]
    of_other: tuple[System, ...]

    @classmethod
    def of(cls, systems: Systems) -> LineUp:
        """Return the systems; MeasureError if there are none, or two have one name."""
        both = [systems(True), systems(False)] if callable(systems) else [systems, systems]
        for some in both:
            _check(some)
        return cls(*map(tuple, both))

    @property
    def every(self) -> tuple[System, ...]:
        """All of them, those for speech first: what `place` counts in."""
        return (*self.of_speech, *self.of_other)

    def place(self, name: str, speech: bool) -> int | None:
        """Return the place of a system; None where it does not judge such sound."""
        some, before = (self.of_speech, 0) if speech else (self.of_other, len(self.of_speech))
        return next((before + k for k, each in enumerate(some) if each.name == name), None)

    def names(self) -> tuple[tuple[str, str], ...]:
        """Return name and family of each, in order, families together."""
        named = list(dict.fromkeys((each.name, each.family) for each in self.every))
        families = list(dict.fromkeys(family for _, family in named))
        return tuple(sorted(named, key=lambda each: families.index(each[1])))


def _check(systems: Sequence[System]) -> None:
    if not systems:
        raise MeasureError("a sweep needs systems, got none")
    names = [system.name for system in systems]
    if twice := {name for name in names if names.count(name) > 1}:
        raise MeasureError(f'two systems are named "{min(twice)}"; give each its own name')
