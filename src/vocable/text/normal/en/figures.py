"""English numbers in a text: what stands between them, ordinals, fractions, years, the rest."""

from __future__ import annotations

import re

from vocable.text.normal.en.dates import MONTHS
from vocable.text.normal.en.numbers import NUMERALS, cardinal, ordinal, plural, year
from vocable.text.normal.roman import CERTAIN, ROMAN, WELL_FORMED, roman

_RELATIONS = (
    (r"(?<![\w/])24/7(?![\w/])", "24 7"),
    (r"(?<![\w/])50[/-]50(?![\w/])", "50 50"),
    (r"(?<![\w/])9/11(?![\w/])", "9 11"),
    (r"(?<=\d\.\d)/(?=\d)", " out of "),
    (r"(?<=\d)-(?=[1-9]/\d{1,2}(?!\d))", " "),
    (r"(?<=\d)(st|nd|rd|th)\s?[-–]\s?(?=\d)", r"\1 to "),
    (r"(?<=\d)[eE]([-+]?\d+)\b", r" times 10 to the power of \1"),
    (
        r"(?<=\d)m(?= (?:people|users|views|followers|downloads|copies|tons|jobs|homes)\b)",
        " million",
    ),
    (
        r"(\d[\s\u00a0]?(?:[kcm]?m|k?g|°[CF]?|[kKM]|bn|%)|[ap]\.m\.|[AaPp][Mm])\s?[-–]\s?(?=[$£€]?\d)",
        r"\1 to ",
    ),
    (r"(?<=\d)[ \u00a0]?[x×][ \u00a0]?(?=\d)", " by "),
    (r"(?<=\d)[x×](?![\w])", " times "),
    (r"(?<=\d)\s?÷\s?(?=\d)|(?<=\d) / (?=\d)", " divided by "),
    (r"(?<=\d)\s?[*·⋅]\s?(?=\d)", " times "),
    (r"(?<=\d)\s?\+\s?(?=\d)", " plus "),
    (r"(?<=\d)\s?\+(?=[\s.,;)]|$)", " plus "),
    (r"(?<=\d)(?: [-–]|\s?−)\s?(?=\d[\d.,]*\s?=)", " minus "),
    (r"(?<![A-Za-z\d]-)(?<=[\d%])\s?[-–]\s?(?=[$£€]?\d)(?!\d+-[A-Z])", " to "),
    (r"(?<=\d)\s?−\s?(?=\d)", " minus "),
    (r"(?<=\d):(?=\d(?!\d))|(?<=[2-9]\d):(?=\d\d)|(?<=\d\d\d):(?=\d)|(?<=\d):(?=\d{3})", " to "),
)
_COMPILED = tuple((re.compile(pattern), words) for pattern, words in _RELATIONS)

_CALLED = re.compile(r"(?<=\b[Cc]all )\d{3}\b|(?<=\b[Dd]ial )\d{3}\b")
_ORDINAL = re.compile(r"(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d{1,15})(?:st|nd|rd|th|ST|ND|RD|TH)\b")
_FRACTION = re.compile(r"(?<![\w.,/])(?:(\d{1,6})[ \u00a0])?(\d{1,3})/(\d{1,4})(?![\w/]|[.,]\d)")
_SCHOOL = re.compile(r"(?<![\w/])((?:19|20)\d\d)/(\d\d(?:\d\d)?)(?![\w/])")
_SCALED = re.compile(rf"({NUMERALS.number})([kK]|[mM]n?|bn)(?!\w)")
_CHAPTERS = (
    *("Chapter", "chapter", "Part", "part", "Act", "Scene", "Volume", "Book", "Section", "Phase"),
    *("Type", "War", "Class", "Grade", "Stage", "Bowl", "Article", "Title", "Level", "Mark"),
)
_RULERS = (
    *("Alexander", "Alfonso", "Benedict", "Catherine", "Charles", "Christian", "Clement", "Edward"),
    *("Elizabeth", "Emmanuel", "Ferdinand", "Francis", "Frederick", "George", "Gregory", "Gustav"),
    *("Haakon", "Harald", "Henry", "Innocent", "Ivan", "James", "John", "Joseph", "Julius", "Leo"),
    *("Leopold", "Louis", "Ludwig", "Margaret", "Mary", "Napoleon", "Nicholas", "Otto", "Paul"),
    *("Peter", "Philip", "Pius", "Ptolemy", "Ramesses", "Ramses", "Richard", "Urban", "Victor"),
    *("Wilhelm", "William"),
)
_ROMAN_CHAPTER = re.compile(
    rf"\b({'|'.join(_CHAPTERS)})\s({ROMAN}|i{{2,3}}|iv|vi{{0,3}}|ix|x)(?![\w'])"
)
_ROMAN_RULER = re.compile(
    rf"\b((?:(?:King|Queen|Pope|Emperor|Tsar)\s+)?)({'|'.join(_RULERS)})\s({ROMAN})(?!\w)"
    r"(?=(\s*[,;:)?!'\u2019]|\.|\s*$|\s+(?:of|was|and|died|ruled|reigned|became|had|is|in)\b)?)"
)
_ROMAN_CENTURY = re.compile(rf"(?<!\w)({ROMAN})(?=\s(?:century|centuries|Century)\b)")
_ROMAN_CERTAIN = re.compile(rf"(?<=[a-z]\s)({CERTAIN})(?!\w)")
_YEAR = re.compile(r"(?<![\w.,$£€/-])([12]\d{3})(?!\d|[.,/]\d|[A-Za-z])")
_NOT_YEAR = re.compile(
    r"[\s\u00a0]+(?:people|men|women|children|more|other|of|times|and a half|[a-z]+[^s\W]s)\b"
)
_YEAR_BEFORE = re.compile(
    r"(?:\b(?:in|since|by|from|until|till|before|after|during|of|the|year|to|circa|around|late|early"
    rf"|summer|winter|spring|fall|autumn|{'|'.join(MONTHS)}),?|\() *$",
    re.I,
)
_VERSION = re.compile(r"(?<![\w.])(?:v(?=\d+\.\d)|(?=(?:\d+\.){2}))(\d+(?:\.\d+){1,6})(?![\w.]*\d)")
_POINT = re.compile(r"(?<![\w.])([-−])?\.(\d+)(?!\w)")
_PLURAL = re.compile(r"(?<=[^\W\d_])-?(\d{1,6})'?s\b")  # "MP3s"
_NUMBER = re.compile(NUMERALS.number)
_INDIAN = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{2})+,\d{3}(?![\d,])")


def relations(text: str) -> str:
    """Return a text that has words between its numbers: "10-15" is "10 to 15"."""
    for pattern, words in _COMPILED:
        text = pattern.sub(words, text)
    return text


def roman_numerals(text: str) -> str:
    """Return a text whose Roman numerals are words, where they are certain to be some."""
    text = _ROMAN_CHAPTER.sub(lambda found: f"{found[1]} {cardinal(roman(found[2].upper()))}", text)
    text = _ROMAN_CENTURY.sub(lambda found: ordinal(roman(found[1])), text)
    text = _ROMAN_RULER.sub(_ruler, text)
    return _ROMAN_CERTAIN.sub(lambda found: cardinal(roman(found[1])), text)


def numbers(text: str) -> str:
    """Return a text without figures: ordinals, fractions, years, and numbers of any length."""
    text = _CALLED.sub(lambda found: _spelled(found[0]), text)
    text = _ORDINAL.sub(lambda found: ordinal(int(found[1].replace(",", ""))), text)
    text = _SCHOOL.sub(lambda found: f"{year(int(found[1]))} {_second_year(found[2])}", text)
    text = _FRACTION.sub(_fraction, text)
    text = _YEAR.sub(_year, text)
    text = _SCALED.sub(_scaled, text)
    text = _INDIAN.sub(lambda found: cardinal(int(found[0].replace(",", ""))), text)
    text = _VERSION.sub(lambda found: " point ".join(map(_plain, found[1].split("."))), text)
    text = _POINT.sub(
        lambda found: f"{'minus ' if found[1] else ''}point {_spelled(found[2])}", text
    )
    text = _PLURAL.sub(lambda found: f" {plural(cardinal(int(found[1])))}", text)
    text = _NUMBER.sub(lambda found: _apart(found, NUMERALS(found[0])), text)
    return re.sub(r"\d+", lambda found: _apart(found, NUMERALS.whole(found[0])), text)


_plain, _spelled = NUMERALS.whole, NUMERALS.spelled


def _apart(found: re.Match[str], words: str) -> str:
    """Return words with spaces where letters stand at a number: "MP3", "4G"."""
    before, after = (
        found.string[found.start() - 1 : found.start()],
        found.string[found.end() : found.end() + 1],
    )
    return f"{' ' if before.isalnum() else ''}{words}{' ' if after.isalnum() else ''}"


def _second_year(figures: str) -> str:
    return year(int(figures)) if len(figures) == 4 else cardinal(int(figures))


def _fraction(found: re.Match[str]) -> str:
    whole, above, below = found[1], int(found[2]), int(found[3])
    if not 2 <= below <= 100 or above >= below:
        first = f"{_plain(whole)} " if whole else ""
        return f"{first}{cardinal(above)} over {cardinal(below)}"
    name = {2: "half", 4: "quarter", 100: "hundredth"}.get(below, ordinal(below))
    many = "halves" if below == 2 else plural(name)
    words = f"{cardinal(above)} {name if above == 1 else many}"
    if not whole:
        return words
    article = "a" if above == 1 and below in (2, 4) else cardinal(above)
    return f"{_plain(whole)} and {article} {name if above == 1 else many}"


def _ruler(found: re.Match[str]) -> str:
    title, name, numeral, after = found.groups()
    if not WELL_FORMED.fullmatch(numeral) or (numeral == "I" and not title and after is None):
        return found[0]
    return f"{title}{name} the {ordinal(roman(numeral)).capitalize()}"


def _year(found: re.Match[str]) -> str:
    """Return a year, or the number as it is where it counts something."""
    number, before = int(found[1]), found.string[max(0, found.start() - 20) : found.start()]
    if number < 1100 and not _YEAR_BEFORE.search(before):
        return found[0]
    counts = _NOT_YEAR.match(found.string, found.end())
    if (number > 2099 or counts) and not _YEAR_BEFORE.search(before):
        return found[0]
    return year(number)


def _scaled(found: re.Match[str]) -> str:
    scale = {"k": "thousand", "m": "million", "b": "billion"}[found[2][0].lower()]
    if found[2] == "K" and "." not in found[1]:
        return f"{NUMERALS(found[1])} K"  # "a 10K run", "a 4K screen"
    return f"{NUMERALS(found[1])} {scale}"
