"""Rules that end a stream which does not stop by itself, each with a word for why.

What users of speech models meet: silence until the longest length is full, the same frame over and
over, speech that goes on after its text. A rule counts, so each session gets one of its own.
"""

from __future__ import annotations

import numpy as np

from vocable.errors import ModelError
from vocable.language.session import Drawn, Stop


def first_of(*rules: Stop) -> Stop:
    """Return a rule that ends a stream where the first of several does; each sees every step."""

    def stop(step: Drawn) -> str | None:
        words = [rule(step) for rule in rules]
        return next((word for word in words if word is not None), None)

    return stop


def stop_at_repeats(times: int) -> Stop:
    """Return a rule that ends a stream, "repeats", at a step that comes so many times in a row."""
    if times < 2:
        raise ModelError(f"a step repeats from 2 times on, not {times}")
    last: Drawn | None = None
    count = 0

    def stop(step: Drawn) -> str | None:
        nonlocal last, count
        count = count + 1 if last is not None and np.array_equal(step, last) else 1
        last = step.copy()
        return "repeats" if count >= times else None

    return stop


def stop_after(steps: int, word: str) -> Stop:
    """Return a rule that ends a stream, with this word, after so many steps."""
    if steps < 1:
        raise ModelError(f"a stream has at least 1 step but {steps} are allowed")
    count = 0

    def stop(step: Drawn) -> str | None:
        nonlocal count
        count += 1
        return word if count > steps else None

    return stop


def in_groups(steps: int, rule: Stop) -> Stop:
    """Return a rule that asks another about every so many steps, joined to one."""
    waiting: list[Drawn] = []

    def stop(step: Drawn) -> str | None:
        waiting.append(step.copy())
        if len(waiting) < steps:
            return None
        joined = np.concatenate(waiting)
        waiting.clear()
        return rule(joined)

    return stop
