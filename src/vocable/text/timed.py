"""Join a text with the times at which its phones were spoken.

An aligner says when each phone begins and ends, and not to which word it belongs or how that is
stressed: this finds it again, by the dictionary. Times become whole numbers of `HOP`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vocable.errors import MeasureError
from vocable.text.phones import (
    BEGIN,
    PAUSE,
    SYMBOLS,
    VOWELS,
    Pronunciation,
    Spoken,
    pause_row,
    plain,
    word_rows,
)
from vocable.text.words import words_and_marks

HOP = 0.01  # seconds
_KEPT = 24  # ways through a text that are followed side by side
_OTHERWISE = 5  # what it costs that a word is spoken otherwise than the dictionary says
_MOST = 4  # what may be otherwise, by that measure, for each word of a text
_SILENCES = {"sil", "h#", "pau", ""}

Lookup = Callable[[str], Sequence[Pronunciation]]
Times = Sequence[tuple[float, float, str]]


@dataclass(frozen=True, eq=False)
class Timed:
    """Symbols, and how many hops each of them lasts, `[symbols]`; 0: no pause at a mark."""

    spoken: Spoken
    durations: np.ndarray


def timed(text: str, times: Times, lookup: Lookup, hops: int) -> Timed:
    """Return the symbols of a recording of so many hops, and how long each lasts.

    times: start, end and phone, in seconds, "sil" for silence. MeasureError where the phones cannot
    be those of the text.
    """
    words = words_and_marks(text)
    voiced = [k for k, (_, _, name) in enumerate(times) if name not in _SILENCES]
    names = [plain(times[k][2].lower()) for k in voiced]
    if not words or (unknown := set(names) - set(SYMBOLS)):
        raise MeasureError(f"no phones of these words: {sorted(unknown) if words else text[:60]}")
    spoken = _match([word for word, _ in words], names, lookup)
    rows, first = [pause_row(BEGIN)], [0]  # `first`: which of the times each symbol begins with
    begins = [*voiced, len(times)]
    at = 0
    for (_, mark), pronunciation in zip(words, spoken, strict=True):
        rows += word_rows(pronunciation)
        first += begins[at : at + len(pronunciation)]
        at += len(pronunciation)
        end = begins[at - 1] + 1  # what follows the last phone
        if mark or end < begins[at]:
            rows.append(pause_row(mark or PAUSE))
            first.append(end)
    edges = [round(start / HOP) for start, _, _ in times] + [hops]
    starts = np.minimum([0, *(edges[k] for k in first[1:])], hops)
    lasts = np.diff([*starts, hops])
    if lasts.min() < 0:
        raise MeasureError("phones are not in the order of their times")
    return Timed(Spoken(np.array(rows, np.uint8)), lasts)


def _match(words: Sequence[str], names: Sequence[str], lookup: Lookup) -> list[Pronunciation]:
    """Return how each word was pronounced, with the stress that the dictionary gives it."""
    ways: dict[int, tuple[int, tuple[Pronunciation, ...]]] = {0: (0, ())}
    for k, word in enumerate(words):
        known = lookup(word)
        rest = len(words) - k - 1
        further: dict[int, tuple[int, tuple[Pronunciation, ...]]] = {}
        for at, (cost, before) in ways.items():
            for more, chosen in _choices(word, known, names[at : len(names) - rest]):
                end, total = at + len(chosen), cost + more
                if end not in further or total < further[end][0]:
                    further[end] = total, (*before, chosen)
        kept = sorted(further.items(), key=lambda each: each[1][0])[:_KEPT]
        ways = dict(kept)
    cost, found = ways.get(len(names), (0, ()))
    if not found or cost > _OTHERWISE + _MOST * len(words):
        raise MeasureError(f"phones and text do not match: {' '.join(words)[:60]}")
    return list(found)


def _choices(
    word: str, known: Sequence[Pronunciation], coming: Sequence[str]
) -> list[tuple[int, Pronunciation]]:
    """Return what a word may be of the phones that come, each with its cost."""
    found: list[tuple[int, Pronunciation]] = []
    for each in known:
        if list(coming[: len(each)]) == [plain(phone) for phone in each]:
            found.append((0, tuple(each)))
    usual = len(known[0]) if known else len(word)
    for length in range(1, min(len(coming), usual + 4) + 1):
        cost = _OTHERWISE + 2 * abs(length - usual)
        found.append((cost, _stressed(coming[:length], known)))
    return found


def _stressed(names: Sequence[str], known: Sequence[Pronunciation]) -> Pronunciation:
    """Give vowels the stress of an entry with as many; else the first one is stressed."""
    vowels = [name for name in names if name in VOWELS]
    stresses = ["1"] + ["0"] * len(vowels)
    for each in known:
        own = [phone[-1] for phone in each if plain(phone) in VOWELS]
        if len(own) == len(vowels):
            stresses = own
            break
    left = iter(stresses)
    return tuple(name + next(left) if name in VOWELS else name for name in names)
