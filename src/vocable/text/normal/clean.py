"""Bring the many ways to write a character to one: widths, ligatures, dashes, quotes, spaces.

What has no words in it (emoji, control characters, marks of direction) is left out.
"""

from __future__ import annotations

import re
import unicodedata

_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_FRACTION = re.compile(r"(\d?)([¼-¾⅐-⅞↉])")
_POWER = re.compile(r"[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")

_JOINT = "\ue000"  # a space within numbers, which NFKC would make an ordinary one

# Before compatibility forms are resolved, which would make ™ the letters TM.
_FIRST: dict[str, str | int | None] = {
    **dict.fromkeys("™®℠¯¨¸¿¡\u00ad", ""),
    **dict.fromkeys("´`′", "'"),
    **{"″": '"', "º": "°", "№": "No. ", "…": "..."},
    **dict.fromkeys("\u2009\u202f\u2007\u00a0", _JOINT),
    **dict.fromkeys("\u2028\u2029", "\n\n"),
    **dict.fromkeys("\u0085\u000b\u000c\r", "\n"),
}
_LAST: dict[str, str | int | None] = {
    **dict.fromkeys("‘’‚‛ʼʻ‹›", "'"),
    **dict.fromkeys("“”„‟«»", '"'),
    **dict.fromkeys("‐‑‒⁃", "-"),
    **dict.fromkeys("—―", "–"),
    **{"⁄": "/", "∕": "/", "∶": ":", "∗": "*", "。": ". ", "、": ", ", "،": ",", "؟": "?"},
    **{"\t": " ", _JOINT: "\u00a0"},
}
_SIGNS = "°©§¬‰·"  # beside letters, marks on letters, and signs of currency and mathematics


def cleaned(text: str) -> str:
    """Return a text in composed letters, plain quotes and dashes, and printable characters only.

    No-break and thin spaces become U+00A0, every dash "–", every hyphen "-", "x²" becomes "x^2".
    """
    text = text.replace("\r\n", "\n").translate(str.maketrans(_FIRST))
    text = _FRACTION.sub(lambda found: " ".join(filter(None, found.groups())), text)
    text = _POWER.sub(lambda found: "^" + found[0].translate(_SUPERSCRIPT), text)
    text = unicodedata.normalize("NFKC", text).translate(str.maketrans(_LAST))
    return re.sub(r" {2,}", " ", "".join(map(_plain, text)))


def _plain(character: str) -> str:
    """Return a character, " " for other spaces, or "" for what is neither printed nor said."""
    if character in "\n\u00a0–" or character.isascii() and character.isprintable():
        return character
    kind = unicodedata.category(character)
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    if kind == "Zs":
        return " "
    return character if kind[0] in "LM" or kind in ("Sm", "Sc") or character in _SIGNS else ""
