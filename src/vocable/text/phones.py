"""The symbols of speech: phones of American English and German, and marks of pauses.

A symbol is a row of three numbers: which one of `SYMBOLS`, its stress, and its place in the word.
Phones are the 39 of CMUdict, and of German what English has not; vowels carry stress.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ENGLISH_VOWELS = (
    *("aa", "ae", "ah", "ao", "aw", "ay", "eh", "er", "ey", "ih", "iy", "ow", "oy", "uh", "uw"),
)
# a Bann, ee See, oo so, ue über, uy Hütte, oe schön, oq können, ea spät, ax bitte, ar besser
GERMAN_VOWELS = ("a", "ee", "oo", "ue", "uy", "oe", "oq", "ea", "ax", "ar")
VOWELS = (*ENGLISH_VOWELS, *GERMAN_VOWELS)
CONSONANTS = (
    *("b", "ch", "d", "dh", "f", "g", "hh", "jh", "k", "l", "m", "n", "ng", "p", "r", "s", "sh"),
    *("t", "th", "v", "w", "y", "z", "zh"),
)
BEGIN, PAUSE = "^", "_"  # before the first word; a pause that no mark asks for
MARKS = (",", ".", "?", "!")
GERMAN_CONSONANTS = ("cx", "x", "rr")  # ich, ach, rot
SYMBOLS = (  # a new one goes to the end
    *(BEGIN, PAUSE, *MARKS, *ENGLISH_VOWELS, *CONSONANTS, *GERMAN_VOWELS, *GERMAN_CONSONANTS),
)
STRESSES = 4  # 0: of consonants, then vowels without, primary and secondary stress
PLACES = 5  # 0: of a pause, then a word of one phone, its first, an inner and its last phone

_NUMBERS = {name: number for number, name in enumerate(SYMBOLS)}

Pronunciation = tuple[str, ...]
"""Phones in lower case, vowels with their stress: ("hh", "ah0", "l", "ow1")."""


@dataclass(frozen=True, eq=False)
class Spoken:
    """What is to be said, `[symbols, 3]`: numbers of `SYMBOLS`, stress, place in the word."""

    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def names(self) -> list[str]:
        """The symbols by name, without stress."""
        return [SYMBOLS[number] for number in self.rows[:, 0]]


def pause_row(name: str) -> tuple[int, int, int]:
    """Return the row of a mark or pause."""
    return _NUMBERS[name], 0, 0


def word_rows(pronunciation: Sequence[str]) -> list[tuple[int, int, int]]:
    """Return the rows of one word's phones."""
    last = len(pronunciation) - 1
    rows = []
    for index, phone in enumerate(pronunciation):
        name, stress = plain(phone), 0
        if phone != name:
            stress = int(phone[-1]) + 1
        place = 1 if not last else 2 if not index else 4 if index == last else 3
        rows.append((_NUMBERS[name], stress, place))
    return rows


def plain(phone: str) -> str:
    """Return a phone without its stress."""
    return phone.rstrip("012")
