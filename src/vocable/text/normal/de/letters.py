"""The German names of letters; vowels are their own."""

from __future__ import annotations

NAMES = {
    **{vowel: vowel.upper() for vowel in "aeiouäöü"},
    **{"b": "Be", "c": "Ce", "d": "De", "f": "Ef", "g": "Ge", "h": "Ha", "j": "Jot", "k": "Ka"},
    **{"l": "El", "m": "Em", "n": "En", "p": "Pe", "q": "Ku", "r": "Er", "s": "Es", "t": "Te"},
    **{"v": "Vau", "w": "We", "x": "Ix", "y": "Ypsilon", "z": "Zett", "ß": "Eszett"},
}


def spelled(letters: str) -> str:
    """Return letters said one by one: "ADAC" is "A De A Ce"."""
    return " ".join(NAMES[letter] for letter in letters.lower())
