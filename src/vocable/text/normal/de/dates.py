"""German dates, times and decades."""

from __future__ import annotations

import re

from vocable.text.normal.de.numbers import cardinal, year

MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September"),
    *("Oktober", "November", "Dezember"),
)
_SHORT = {
    **{month[:3]: month for month in MONTHS},
    **{"Mrz": "März", "Sept": "September", "Jän": "Januar", "Jänner": "Jänner"},
}
_DAYS = {
    **{"Mo": "Montag", "Di": "Dienstag", "Mi": "Mittwoch", "Do": "Donnerstag", "Fr": "Freitag"},
    **{"Sa": "Samstag", "So": "Sonntag"},
}
_SHORT_MONTH = re.compile(rf"(?<=\d\. )({'|'.join(_SHORT)})\b\.?|\b({'|'.join(_SHORT)})\.(?=\s\d)")
_SHORT_DAY = re.compile(
    rf"\b({'|'.join(_DAYS)})\.?,?(?=(?:\sden)?\s\d{{1,2}}\.\s?(?:\d|[A-Z]))"
    rf"|\b({'|'.join(_DAYS)})\.(?=\s\d)"
)
_DAYS_TO = re.compile(rf"\b({'|'.join(_DAYS)})\.?\s?[-–]\s?({'|'.join(_DAYS)})\b(?!\w)\.?")
_ISO = re.compile(r"(?<![\w/.-])(\d{4})-(\d{2})-(\d{2})(?=$|T\d|[^\w/-])")
_FIGURES = re.compile(
    r"(?<!Abb\. )(?<!Kap\. )(?<!Tab\. )(?<!Nr\. )(?<!Kapitel )(?<!Abschnitt )(?<!Version )"
    r"(?<![\w/.,-])(\d{1,2})\.\s?(\d{1,2})\.(?:\s?(\d{4})|(\d{2}))?(?![\w/-]|[.,]\d)"
)
_SLASHED = re.compile(r"(?<![\w/.-])(\d{1,2})/(\d{1,2})/(\d{4})(?![\w/-])")
_MONTH_YEAR = re.compile(rf"\b({'|'.join(MONTHS)}) (\d{{4}})(?![\d:]|[.,]\d)")
_DECADE = re.compile(r"(?<![\w.,])(\d{4}|[2-9]0)er(n?)\b")
_TIME = re.compile(
    r"(?<![\w:.,])([01]?\d|2[0-4])(?:[:.]([0-5]\d)(?:[:.]([0-5]\d))?)?[\s\u00a0]?Uhr\b"
    r"|(?<![\w:.,])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?:[\s\u00a0]?h)?(?![\w:]|[.,]\d)"
)
_TIME_WORDS = re.compile(r"(?<= Uhr )([0-5]?\d)\b(?![.,:]\d|\.? [A-ZÄÖÜ%€])")


def numeric_dates(text: str) -> str:
    """Return a text whose dates in figures have the month as a word: "14. März 2026"."""
    text = _ISO.sub(lambda found: _date(found, found[1], found[2], found[3]), text)
    text = _SLASHED.sub(lambda found: _date(found, found[3], found[2], found[1]), text)
    text = _FIGURES.sub(_figures, text)
    text = _SHORT_MONTH.sub(lambda found: _SHORT[found[1] or found[2]], text)
    text = _DAYS_TO.sub(lambda found: f"{_DAYS[found[1]]} bis {_DAYS[found[2]]}", text)
    return _SHORT_DAY.sub(lambda found: _DAYS[found[1] or found[2]] + ",", text)


def times(text: str) -> str:
    """Return a text whose times of day are words."""
    text = _TIME.sub(_time, text)
    return _TIME_WORDS.sub(lambda found: cardinal(int(found[1])), text)


def years(text: str) -> str:
    """Return a text whose decades, and years after a month, are words."""
    text = _MONTH_YEAR.sub(lambda found: f"{found[1]} {year(int(found[2]))}", text)
    return _DECADE.sub(lambda found: f"{year(int(found[1]))}er{found[2]}", text)


def _figures(found: re.Match[str]) -> str:
    own_year = found[3] or (_century(found[4]) if found[4] else "")
    return _date(found, own_year, found[2], found[1])


def _date(found: re.Match[str], own_year: str, month: str, day: str) -> str:
    """Return a date with the month as a word, or what was found where there is no such day."""
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return found[0]
    return f"{int(day)}. {MONTHS[int(month) - 1]}" + (f" {own_year}" if own_year else "")


def _century(short: str) -> str:
    """Return the year that two figures stand for: 1950 to 2049."""
    return ("20" if int(short) < 50 else "19") + short


def _time(found: re.Match[str]) -> str:
    hour, minute, second = found.group(1, 2, 3) if found[1] else found.group(4, 5, 6)
    words = f"{'ein' if int(hour) == 1 else cardinal(int(hour))} Uhr"
    if minute and (int(minute) or second):
        words += f" {cardinal(int(minute))}"
    if second:
        count = "eine Sekunde" if int(second) == 1 else f"{cardinal(int(second))} Sekunden"
        words += f" und {count}"
    return words
