"""German numbers within a text: what stands between them, fractions, years and the rest."""

from __future__ import annotations

import re

from vocable.text.normal.de.dates import MONTHS
from vocable.text.normal.de.gender import gender
from vocable.text.normal.de.numbers import NUMERALS, cardinal, ordinal, year

_RELATIONS = (
    (r"(?<![\w/])24/7(?![\w/])", "24 7"),
    (r"(?<=\d,\d)/(?=\d)", " von "),
    (r"(?<![\w/])50[/-]50(?![\w/])", "50 50"),
    (r"(?<=\d)[ \u00a0]?[x×][ \u00a0]?(?=\d)", " mal "),
    (r"(?<=\d)\s?[*·⋅]\s?(?=\d)", " mal "),
    (r"(?<=\d)\s?÷\s?(?=\d)|(?<=\d) [/:] (?=\d)", " geteilt durch "),
    (r"(?<=\d)\s?\+\s?(?=\d)", " plus "),
    (r"(?<=\d)\s?\+(?=[\s.,;)]|$)", " plus "),
    (r"(?<=\d)(?: [-–]|\s?−)\s?(?=\d[\d.,]*\s?=)", " minus "),
    (r"(?<![A-Za-z\d]-)(?<=[\d%])\s?[-–]\s?(?=\d)", " bis "),
    (r"(?<=\d\.)[-–](?=\d)", " bis "),
    (r"(?<=\d)\s?−\s?(?=\d)", " minus "),
    (r"(?<=\d):(?=\d(?!\d))|(?<=[2-9]\d):(?=\d\d)|(?<=\d\d\d):(?=\d)|(?<=\d):(?=\d{3})", " zu "),
)
_COMPILED = tuple((re.compile(pattern), words) for pattern, words in _RELATIONS)

_TIMES = re.compile(
    r"(?<![\w.,])(\d{1,6})-?(mal(?:s|ig\w*)?|fach\w*|x|(?:jähr|stünd|tägig|tag|wöch|monat|minüt|köpf|teil"
    r"|prozent|stell|seit|stöck|bänd|spur|tür|zeil)\w*)\b"
)
_FRACTION = re.compile(r"(?<![\w.,/])(?:(\d{1,6})[ \u00a0])?(\d{1,3})/(\d{1,4})(?![\w/]|[.,]\d)")
_NOUN = re.compile(r"[ \u00a0]([A-ZÄÖÜ][a-zäöüß]+)")
_HALVES = {"m": "ein halber", "f": "eine halbe", "n": "ein halbes"}
_SCHOOL = re.compile(r"(?<![\w/])((?:19|20)\d\d)/(\d\d(?:\d\d)?)(?![\w/])")
_ONE = re.compile(r"(?<![\w.,+−–-])1 (?=([A-ZÄÖÜ][a-zäöüß-]+))")
_YEAR = re.compile(r"(?<![\w.,$£€/-])(1[1-9]\d\d)(?!\d|[.,/]\d|[A-Za-z])")
_COUNTED = re.compile(r"[ \u00a0][A-ZÄÖÜ][a-zäöüß]")
_YEAR_BEFORE = re.compile(
    rf"(?:\b(?:in|im|seit|von|bis|ab|um|vor|nach|jahr|jahre|jahres|anno|ende|anfang|mitte|sommer|winter"
    rf"|herbst|frühjahr|frühling|und|oder|der|{'|'.join(MONTHS)}),?|\() *$",
    re.I,
)
_VERSION = re.compile(r"(?<![\w.])v?(\d+(?:\.\d+)+)(?![\w.]*\d)")
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_NUMBER = re.compile(NUMERALS.number)


def relations(text: str) -> str:
    """Return a text that has words between its numbers: "10-15" is "10 bis 15"."""
    for pattern, words in _COMPILED:
        text = pattern.sub(words, text)
    return text


def numbers(text: str) -> str:
    """Return a text without figures: fractions, years, and numbers of any length."""
    text = _TIMES.sub(_times, text)
    text = _SCHOOL.sub(lambda found: f"{year(int(found[1]))} {_second_year(found[2])}", text)
    text = _FRACTION.sub(_fraction, text)
    text = _ONE.sub(lambda found: "eine " if gender(found[1]) == "f" else "ein ", text)
    text = _YEAR.sub(_year, text)
    text = _VERSION.sub(_version, text)
    text = _NUMBER.sub(lambda found: _apart(found, NUMERALS(found[0])), text)
    return re.sub(r"\d+", lambda found: _apart(found, NUMERALS.whole(found[0])), text)


def _apart(found: re.Match[str], words: str) -> str:
    """Return words with spaces where letters stand at a number: "MP3", "4G"."""
    before, after = (
        found.string[found.start() - 1 : found.start()],
        found.string[found.end() : found.end() + 1],
    )
    return f"{' ' if before.isalnum() else ''}{words}{' ' if after.isalnum() else ''}"


def _times(found: re.Match[str]) -> str:
    """Return a number as the beginning of a word: "3-mal" is "dreimal"."""
    words = cardinal(int(found[1]))
    words = words.removesuffix("s") if words.endswith("eins") else words
    return words.replace(" ", "").lower() + ("mal" if found[2] == "x" else found[2])


def _second_year(figures: str) -> str:
    return year(int(figures)) if len(figures) == 4 else cardinal(int(figures))


def _fraction(found: re.Match[str]) -> str:
    whole, above, below = found[1], int(found[2]), int(found[3])
    first = NUMERALS.whole(whole) if whole else ""
    noun = _NOUN.match(found.string, found.end())
    if (above, below) == (1, 2) and noun and not whole:
        return _HALVES[gender(noun[1])]  # "eine halbe Stunde"
    if (above, below) == (1, 2):
        return f"{'ein' if first == 'eins' else first}einhalb" if whole else "ein halb"
    if not 2 <= below <= 100 or (whole and above >= below):
        return f"{first} {cardinal(above)} durch {cardinal(below)}".strip()
    name = "Halbe" if below == 2 else ordinal(below, "el").capitalize()
    count = "ein" if above == 1 else cardinal(above)
    return f"{first} {count} {name}".strip()


def _year(found: re.Match[str]) -> str:
    """Return a year, or the number as it is where a noun says that it counts something."""
    before = found.string[max(0, found.start() - 20) : found.start()]
    if _COUNTED.match(found.string, found.end()) and not _YEAR_BEFORE.search(before):
        return found[0]
    return year(int(found[1]))


def _version(found: re.Match[str]) -> str:
    if _GROUPED.fullmatch(found[1]):
        return found[0]
    return " Punkt ".join(map(NUMERALS.whole, found[1].split(".")))
