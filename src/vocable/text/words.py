"""Take a text apart into words and the marks behind them."""

from __future__ import annotations

import re
import unicodedata

from vocable.text.phones import MARKS

_LETTERS = "[a-zäöüß]+"
_PART = re.compile(rf"{_LETTERS}(?:'{_LETTERS})*'?|[.?!,;:()…]+|-{{2,}}| [-–] |[–—]")
_STRENGTH = {",": 1, ".": 2, "!": 3, "?": 4}


def words_and_marks(text: str) -> list[tuple[str, str]]:
    """Return each word in lower case with the mark behind it: one of `MARKS`, or "".

    Accents but those of German are taken off. The last word has ".", where nothing else stands
    behind it. Hyphens part words; what is neither letter nor punctuation is left out, so numbers
    and signs have to be words before.
    """
    found: list[tuple[str, str]] = []
    for part in _PART.findall(_plain(text.lower().replace("’", "'"))):
        if part[0].isalpha():
            found.append((part.rstrip("'"), ""))
        elif found:
            word, mark = found[-1]
            found[-1] = word, max(mark, _mark(part), key=lambda each: _STRENGTH.get(each, 0))
    if found and found[-1][1] in ("", ","):
        found[-1] = found[-1][0], "."
    return found


def _mark(part: str) -> str:
    """Return the strongest of `MARKS` that a run of punctuation stands for."""
    known = [each for each in part.replace("…", ",") if each in MARKS]
    return max(known, key=_STRENGTH.__getitem__, default=",")


def _plain(text: str) -> str:
    """Return a text without accents, but with ä, ö and ü."""
    parts = unicodedata.normalize("NFC", text)
    return "".join(
        each if each in "äöü" else unicodedata.normalize("NFD", each)[0] for each in parts
    )
