"""From words to symbols: what is to be said of a text.

A word that the dictionary lacks is taken apart into two that it has, else pronounced by its
letters, or spelled where none is a vowel. Numbers, dates and abbreviations have to be words before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vocable.errors import TokenError
from vocable.text.dictionary import dictionary
from vocable.text.letters import letters, pronounced
from vocable.text.phones import BEGIN, Pronunciation, Spoken, pause_row, word_rows
from vocable.text.words import words_and_marks

Lookup = Callable[[str], Sequence[Pronunciation]]
_SHORTEST = 3  # letters of a part of a word


def spoken(text: str, lookup: Lookup | None = None) -> Spoken:
    """Return the symbols of a text. TokenError for one without any word.

    lookup: pronunciations of a word, the usual one first; by default those of the dictionary.
    """
    words = words_and_marks(text)
    if not words:
        raise TokenError(f"there are no words to say in {text[:60]!r}; write numbers as words")
    rows = [pause_row(BEGIN)]
    for word, mark in words:
        rows += word_rows(pronounce(word, lookup or dictionary()))
        rows += [pause_row(mark)] if mark else []
    return Spoken(np.array(rows, np.uint8))


def pronounce(word: str, lookup: Lookup) -> Pronunciation:
    """Return how a word is spoken, whether it is known or not."""
    if known := lookup(word):
        return known[0]
    for end in range(len(word) - _SHORTEST, _SHORTEST - 1, -1):
        first, second = lookup(word[:end]), lookup(word[end:])
        if first and second:
            return (*first[0], *second[0])
    plain = [letter for letter in word if letter.isalpha()]
    if set(plain) & set("aeiouy") and (found := pronounced("".join(plain), letters())):
        return found
    return tuple(phone for letter in plain for phone in _name(lookup(letter)))


def _name(found: Sequence[Pronunciation]) -> Pronunciation:
    """Return the name of a letter; "a" is first of all a word."""
    return found[1] if found[0] == ("ah0",) and len(found) > 1 else found[0]
