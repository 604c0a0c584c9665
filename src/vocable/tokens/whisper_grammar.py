"""In which order Whisper's text and times may come, apart from the ids that stand for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import TokenError

STEPS_PER_SECOND, LAST = 50, 1500  # time stamps from 0.00 to 30.00 s
Mark = int | None  # a time in steps of 20 ms, or text; negative: an id that is neither


@dataclass(frozen=True)
class Part:
    """Where the text of a passage stands, and its times."""

    text: slice
    start: int | None
    end: int | None


@dataclass(frozen=True)
class Next:
    """What may come next: text, the end, and times of a range, which may be empty."""

    text: bool
    end: bool
    times: range = range(0)


def read_parts(marks: Sequence[Mark], begin: int, *, timed: bool) -> list[Part]:
    """Return the passages of the ids from position `begin` on; TokenError for any other order."""
    if not timed:
        for place, mark in enumerate(marks):
            if mark is not None:
                raise _misplaced(mark, begin + place, "text, since there are no times")
        return [Part(slice(0, len(marks)), None, None)] if marks else []
    parts: list[Part] = []
    place, earliest = 0, 0
    while place < len(marks):
        start = _time(marks[place], begin + place, earliest)
        text = place + 1
        place = next((k for k in range(text, len(marks)) if marks[k] is not None), len(marks))
        end = None
        if place < len(marks):
            if place == text:
                raise _misplaced(marks[place], begin + place, "text")
            end = earliest = _time(marks[place], begin + place, start + 1)
        parts.append(Part(slice(text, place), start, end))
        place += 1
    return parts


def next_marks(marks: Sequence[Mark], *, timed: bool, first: int) -> Next:
    """Return what Whisper's own rules let follow marks in a legal order.

    first   the latest time to begin with
    """
    if not timed:
        return Next(text=True, end=True)
    if not marks:
        return Next(text=False, end=False, times=range(min(first, LAST) + 1))
    times = [mark for mark in marks if mark is not None]
    if marks[-1] is None:
        return Next(text=True, end=True, times=range(times[-1] + 1, LAST + 1))
    if len(marks) == 1 or marks[-2] is not None:  # a passage has begun
        return Next(text=True, end=True)
    return Next(text=False, end=True, times=range(times[-1], LAST + 1))


def _time(mark: Mark, position: int, earliest: int) -> int:
    if mark is None or mark < earliest:
        raise _misplaced(mark, position, f"a time from {earliest / STEPS_PER_SECOND:.2f} s on")
    return mark


def _misplaced(mark: Mark, position: int, wanted: str) -> TokenError:
    if mark is None:
        found = "text"
    else:
        found = f"{mark / STEPS_PER_SECOND:.2f} s" if mark >= 0 else f"id {-mark}"
    return TokenError(f"{found} at position {position} does not belong there; wanted {wanted}")
