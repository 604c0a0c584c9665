"""English dates, years and decades. Of figures alone the month is first, as in America."""

from __future__ import annotations

import re

from vocable.text.normal.en.numbers import cardinal, ordinal, plural, year

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ANY = rf"(?:{'|'.join(MONTHS)})"
_DAY = r"(0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:,?\s+(\d{4})(?![\d,.]\d|\d))?"

_SHORT_MONTH = re.compile(
    rf"\b({'|'.join(name[:3] for name in MONTHS)}|Sept)\b\.?(?=\s+\d)"
    rf"|(?<=\d )({'|'.join(name[:3] for name in MONTHS if name != 'May')}|Sept)\b\.?"
)
_SHORT_DAY = re.compile(
    rf"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\b(?:\.,?|,)?(?=\s+(?:{_ANY}|\d))"
)
_SHORT_MONTHS = "|".join(name[:3] for name in MONTHS)
_MONTHS_TO = re.compile(rf"\b({_SHORT_MONTHS})\.?\s?[-–]\s?({_SHORT_MONTHS})\b\.?")
_SHORT_DAYS = "|".join(day[:3] for day in _DAYS)
_DAYS_TO = re.compile(rf"\b({_SHORT_DAYS})\.?\s?[-–]\s?({_SHORT_DAYS})\b")
_ISO = re.compile(r"(?<![\w/.-])(\d{4})([-/])(\d{2})\2(\d{2})(?=$|T\d|[^\w/-])")
_FIGURES = re.compile(r"(?<![\w/.-])(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?![\w/-]|\.\d)")
_MONTH_DAY = re.compile(
    rf"\b({_ANY})\s+{_DAY}(?:st|nd|rd|th)?(?!\d|:|[.,]\d|\s?%)"
    rf"(?:(\s(?:to|and|or)\s){_DAY}(?:st|nd|rd|th)?(?![\d:]))?{_YEAR}"
)
_DAY_MONTH = re.compile(
    rf"(\bthe\s+)?(?<![\d.,:/])\b{_DAY}(?:st|nd|rd|th)?(?:\s+of)?\s+({_ANY})\b{_YEAR}"
)
_MONTH_YEAR = re.compile(rf"\b({_ANY},?\s+)(\d{{4}})(?![\d:]|[.,]\d)")
_DECADE = re.compile(r"(?<![\w.,])(\d{1,2})?(\d)0'?s\b")
_SHORT_DECADE = re.compile(
    r"(?:(?<!\w)'|(?<=the )|(?<=early )|(?<=late )|(?<=mid-)|(?<=his )|(?<=her )|(?<=their ))"
    r"([2-9]0)'?s\b"
)


def numeric_dates(text: str) -> str:
    """Return a text whose dates in figures have the month as a word: "March 14, 2026"."""
    text = _ISO.sub(lambda found: _date(found, *map(int, found.group(1, 3, 4))), text)
    return _FIGURES.sub(_figures, text)


def dates(text: str) -> str:
    """Return a text whose dates and decades are words."""
    text = _MONTHS_TO.sub(
        lambda found: " to ".join(_full(each, MONTHS) for each in found.groups()), text
    )
    text = _SHORT_MONTH.sub(lambda found: _full(found[0], MONTHS), text)
    text = _DAYS_TO.sub(
        lambda found: " to ".join(_full(day, _DAYS) for day in found.groups()), text
    )
    text = _SHORT_DAY.sub(lambda found: _full(found[0], _DAYS) + ",", text)
    text = _DAY_MONTH.sub(_day_month, text)
    text = _MONTH_DAY.sub(_month_day, text)
    text = _MONTH_YEAR.sub(lambda found: found[1] + year(int(found[2])), text)
    text = _SHORT_DECADE.sub(lambda found: plural(cardinal(int(found[1]))), text)
    return _DECADE.sub(_decade, text)


def _full(short: str, names: tuple[str, ...]) -> str:
    return next(name for name in names if name.startswith(short[:3]))


def _date(found: re.Match[str], own_year: int, month: int, day: int) -> str:
    """Return a date with the month as a word, or what was found where there is no such day."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return found[0]
    return f"{MONTHS[month - 1]} {day}, {own_year}"


def _figures(found: re.Match[str]) -> str:
    first, second = int(found[1]), int(found[3])
    own_year = int(found[4]) if len(found[4]) == 4 else _century(int(found[4]))
    if found[2] == "." or first > 12:
        first, second = second, first
    return _date(found, own_year, first, second)


def _century(short: int) -> int:
    """Return the year that two figures stand for: 1950 to 2049."""
    return short + (2000 if short < 50 else 1900)


def _month_day(found: re.Match[str]) -> str:
    words = f"{found[1]} {ordinal(int(found[2]))}"
    if found[3]:
        words += f"{found[3]}{ordinal(int(found[4]))}"
    return words + (f", {year(int(found[5]))}" if found[5] else "")


def _day_month(found: re.Match[str]) -> str:
    words = f"{found[1] or 'the '}{ordinal(int(found[2]))} of {found[3]}"
    return words + (f", {year(int(found[4]))}" if found[4] else "")


def _decade(found: re.Match[str]) -> str:
    century, tens = found[1], int(found[2])
    if not century:
        return found[0]  # "20s" may be seconds
    if not tens:
        return plural(year(int(century) * 100))
    return f"{cardinal(int(century))} {_teens(tens)}"


def _teens(tens: int) -> str:
    return "tens" if tens == 1 else plural(cardinal(tens * 10))
