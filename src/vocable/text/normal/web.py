"""Addresses of the web, of e-mail and of files: "a.b@c.org" is "a dot b at c dot org"."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ENDINGS = (
    *("com", "org", "net", "edu", "gov", "info", "int", "dev", "app", "ai", "io", "co", "uk", "us"),
    *(
        "de",
        "at",
        "ch",
        "eu",
        "fr",
        "nl",
        "it",
        "es",
        "se",
        "pl",
        "dk",
        "jp",
        "ca",
        "au",
        "tv",
        "me",
    ),
    *("pdf", "txt", "doc", "docx", "html", "htm", "md", "csv", "json", "xml", "yaml", "py", "js"),
    *("wav", "mp3", "mp4", "flac", "jpg", "jpeg", "png", "gif", "svg", "zip", "exe"),
)
_WORDS = {"com", "org", "net", "gov", "info", "dev", "app", "zip", "doc"}  # endings not spelled
_ENDING = rf"(?:{'|'.join(sorted(_ENDINGS, key=len, reverse=True))})(?![\w@-])"
_LABEL = r"[\w-]{1,63}"
_ADDRESS = re.compile(
    rf"(?:https?|ftp)://[^\s<>\"]{{1,2000}}"
    rf"|(?<![\w@.-])(?:mailto:)?[\w.+-]{{1,64}}@{_LABEL}(?:\.{_LABEL}){{1,8}}"
    rf"|(?<![\w@.-])www\.[^\s<>\"]{{1,2000}}"
    rf"|(?<![\w@.-])(?!\d+\.)(?:{_LABEL}\.){{1,8}}{_ENDING}(?:[/?][^\s<>\"]{{0,2000}})?"
)
_SCHEME = re.compile(r"^(?:(?:https?|ftp)://|mailto:)")
_PIECE = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")


def addresses(text: str, signs: Mapping[str, str], letters: Mapping[str, str]) -> str:
    """Return a text whose addresses are words.

    signs: names of ".", "@", "/" and others, "" for what is not said. letters: names of letters,
    for endings that are spelled.
    """

    def words(found: re.Match[str]) -> str:
        address = found[0].rstrip(".,;:?!)'\"]*–")
        rest = found[0][len(address) :]
        pieces = _PIECE.findall(_SCHEME.sub("", address).removesuffix("/"))
        return f" {' '.join(_piece(each, signs, letters) for each in pieces)}{rest}"

    return _ADDRESS.sub(words, text)


def _piece(piece: str, signs: Mapping[str, str], letters: Mapping[str, str]) -> str:
    if piece in signs:
        return signs[piece]
    lower = piece.lower()
    if lower == "www" or (lower in _ENDINGS and lower not in _WORDS and len(lower) < 5):
        return " ".join(letters[each] for each in lower)
    return piece
