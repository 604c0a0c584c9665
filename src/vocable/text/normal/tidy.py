"""What is left when everything has become words: letters of the language, one mark, one space."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_NAMED = re.compile(r"(?:LATIN|MODIFIER) .*?(?:LETTER|LIGATURE) (?:DOTLESS )?([A-Z]{1,2})\b.*")
_OTHER = {"ß": "ss", "ẞ": "ss", "þ": "th", "Þ": "Th", "ð": "d", "Ð": "D", "ŋ": "ng", "ə": "e"}
_PART = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*(?:(?<=[sS])')?|\n\n|\.\.+|[.?!,;:()–]| -+ |--+")
_STRENGTH = {
    each: strength for strength, each in enumerate(("", "–", ",", ";", ":", "...", ".", "!", "?"))
}
_CLOSING = _STRENGTH[":"]  # the weakest mark that a paragraph may end with


def folded(text: str, kept: str) -> str:
    """Return a text whose letters are a to z and those of `kept`; others lose what is on them.

    Letters of other scripts are left out.
    """
    return "".join(each if each.isascii() or each in kept else _plain(each) for each in text)


def tidy(text: str) -> str:
    """Return words with one mark at most behind each: . ? ! , ; : ... or a dash.

    Brackets and dashes become marks, quotes are left out. Paragraphs are parted by an empty line,
    and end with a mark.
    """
    found: list[str] = []
    mark, breaks = "", False
    for part in _PART.findall(re.sub(r"\s*\n\s*\n\s*", "\n\n", text)):
        if part[0].isalpha():
            if found:
                found.append(_between(mark, breaks))
            found.append(part)
            mark, breaks = "", False
        elif part == "\n\n":
            breaks = True
        else:
            mark = max(mark, _mark(part), key=_STRENGTH.__getitem__)
    last = mark if _STRENGTH[mark] > _STRENGTH[";"] else ""
    return "".join([*found, last]) if found else ""


def _between(mark: str, breaks: bool) -> str:
    """Return what stands between two words."""
    if breaks:
        return ("." if _STRENGTH[mark] < _CLOSING else mark) + "\n\n"
    return " – " if mark == "–" else f"{mark} "


def _mark(part: str) -> str:
    if part in _STRENGTH:
        return part
    return "," if part in "()" else "..." if part[0] == "." else "–"


@cache
def _plain(letter: str) -> str:
    """Return a letter without what is on it: "é" is "e", "ø" is "o", "œ" is "oe"."""
    if not letter.isalpha():
        return "" if unicodedata.combining(letter) else " " if letter != "–" else letter
    if letter in _OTHER:
        return _OTHER[letter]
    first = unicodedata.normalize("NFD", letter)[0]
    if first.isascii():
        return first
    name = _NAMED.fullmatch(unicodedata.name(letter, ""))
    plain = name[1] if name else " "
    return plain.capitalize() if letter.isupper() else plain.lower()
