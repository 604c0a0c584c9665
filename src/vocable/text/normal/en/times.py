"""English times of day: "10:45" is "ten forty-five", "7 p.m." is "seven P M"."""

from __future__ import annotations

import re

from vocable.text.normal.en.abbreviations import end_of_sentence
from vocable.text.normal.en.letters import spelled
from vocable.text.normal.en.numbers import cardinal

_HALF = r"([aApP])(?:\.\s?[mM]\.|\.?[mM]\b)"
_TIME = re.compile(
    rf"(?<![\w:.,])([01]?\d|2[0-4])(?:[:.]([0-5]\d))?(?::([0-5]\d))?[\s\u00a0]?{_HALF}"
    r"|(?<![\w:.,])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?![\w:]|[.,]\d)"
)


def times(text: str) -> str:
    """Return a text whose times of day are words."""
    return _TIME.sub(_words, text)


def _words(found: re.Match[str]) -> str:
    hour, minute, second, half = found.group(1, 2, 3, 4)
    if half:
        words = cardinal(int(hour)) + (_minutes(minute, "") if minute else "")
        end = end_of_sentence(found) if found[0].endswith(".") else ""
        return f"{words}{_seconds(second)} {spelled(half + 'm')}{end}"
    hour, minute, second = found.group(5, 6, 7)
    if int(hour) in (0, 24) and minute == "00" and not second:
        return "midnight"
    clock = " hundred" if int(hour) > 12 else " o'clock"
    return cardinal(int(hour)) + _minutes(minute, "" if second else clock) + _seconds(second)


def _minutes(minute: str, full: str) -> str:
    """Return minutes after an hour; `full` is said of a whole hour."""
    if minute == "00":
        return full
    return f" {'oh ' if minute[0] == '0' else ''}{cardinal(int(minute))}"


def _seconds(second: str | None) -> str:
    if not second:
        return ""
    return f" and {cardinal(int(second))} second{'' if int(second) == 1 else 's'}"
