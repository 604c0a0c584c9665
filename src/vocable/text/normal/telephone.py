"""Figures that name something and count nothing: numbers of telephones, cards and books."""

from __future__ import annotations

import re

from vocable.text.normal.numerals import Numerals

_SEPARATED = re.compile(
    r"(?<![\w.,/+-])(?<!\d )(?:"
    r"\+\d{1,3}(?:[ \u00a0/.-]?\(?\d{1,8}\)?){2,7}"  # +49 (30) 123-4567
    r"|(?:1[ -])?\(\d{2,5}\)[ \u00a0-]?\d{2,8}(?:[ -]\d{2,8}){0,4}"  # (555) 123-4567
    r"|(?:\d{1,3}-)?\d{3}-\d{3}-\d{4}|\d{3}\.\d{3}\.\d{4}|\d{3}-\d{4}"
    r"|0\d{1,4}(?: ?[/-] ?| )\d{2,8}(?:[ -]\d{2,8}){0,4}"  # 030/123 456
    r"|\d{4}(?:[ -]\d{4}){2,4}(?:[ -]\d{1,3})?"  # cards
    r"|\d{3}-\d{2}-\d{4}"
    r"|\d{1,7}(?:-\d{1,7}){3,6}"  # books
    r")(?![\w%])(?![.,/-]\d)"
)
_GROUP = re.compile(r"\+|\d+")
_FEWEST = 5  # figures; "0 to 30" in brackets is less


def telephone_numbers(text: str, numerals: Numerals) -> str:
    """Return a text whose numbers in groups are said figure by figure, with pauses."""

    def words(found: re.Match[str]) -> str:
        if sum(map(str.isdigit, found[0])) < _FEWEST:
            return found[0]
        groups = _GROUP.findall(found[0])
        plus = [f"{numerals.signs['+']} " if groups[0] == "+" else ""]
        return plus[0] + ", ".join(numerals.spelled(each) for each in groups if each != "+")

    return _SEPARATED.sub(words, text)
