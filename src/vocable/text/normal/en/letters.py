"""The names of letters: a single capital is its own name, but "A" would be the article."""

from __future__ import annotations

NAMES = {letter: letter.upper() for letter in "bcdefghijklmnopqrstuvwxyz"} | {"a": "ay"}


def spelled(letters: str) -> str:
    """Return letters said one by one: "fbi" is "F B I"."""
    return " ".join(NAMES[letter] for letter in letters.lower())
