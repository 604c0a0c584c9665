"""How an English word is spoken: by a dictionary, else by its parts or letters."""

from __future__ import annotations

from vocable.text.dictionary import dictionary
from vocable.text.letters import letters, pronounced
from vocable.text.phones import Pronunciation

_SHORTEST = 3  # letters of a part of a word


def pronounce_english(word: str) -> Pronunciation:
    """Return how an English word is spoken: by the dictionary, else by parts or letters.

    A word that it lacks is taken apart into two that it has, else pronounced by its letters, or
    spelled where none is a vowel.
    """
    lookup = dictionary()
    if known := lookup(word):
        return known[0]
    for end in range(len(word) - _SHORTEST, _SHORTEST - 1, -1):
        first, second = lookup(word[:end]), lookup(word[end:])
        if first and second:
            return (*first[0], *second[0])
    plain = "".join(_PLAIN.get(letter, letter) for letter in word if letter.isalpha())
    if set(plain) & set("aeiouy") and (found := pronounced(plain, letters())):
        return found
    return tuple(phone for letter in plain for phone in _name(letter))


_PLAIN = {"ä": "a", "ö": "o", "ü": "u", "ß": "ss"}


def _name(letter: str) -> Pronunciation:
    """Return the name of a letter; "a" is first of all a word."""
    found = dictionary()(letter)
    return found[1] if found[0] == ("ah0",) and len(found) > 1 else found[0]
