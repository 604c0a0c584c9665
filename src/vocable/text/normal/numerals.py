"""How a language writes and says numbers: what all rules about numbers share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

_LONGEST = 18  # figures; longer numbers are said figure by figure
_FIGURES = re.compile(r"\d+")


@dataclass(frozen=True)
class Numerals:
    """Numbers of a language.

    cardinal        words of a whole number, from 0 to 10^18 - 1
    digits          the names of 0 to 9
    group, decimal  what parts thousands, and what stands before decimals
    point           the word for `decimal`
    signs           words for "-", "+" and "±"
    """

    cardinal: Callable[[int], str]
    digits: tuple[str, ...]
    group: str
    decimal: str
    point: str
    signs: Mapping[str, str]

    @cached_property
    def unsigned(self) -> str:
        """A regular expression of a number without a sign: "1,234.50"."""
        group, decimal = re.escape(self.group), re.escape(self.decimal)
        grouped = rf"\d{{1,3}}(?:{group}\d{{3}})+|\d{{1,3}}(?:['\u00a0_]\d{{3}})+"
        grouped += r"|[1-9]\d{0,2}(?: \d{3})*(?: 000)+"  # a plain space parts only what is round
        return rf"(?<!\d)(?<!\d[.,])(?:(?:{grouped})(?!\d)|\d+)(?:{decimal}\d+)?(?!\d)"

    @cached_property
    def number(self) -> str:
        """A regular expression of a number, with a sign or without."""
        return rf"(?:(?<![\w)\]%°.,–-])[-−–+±])?{self.unsigned}"

    def __call__(self, written: str) -> str:
        """Return the words of a number: "-1,234.50"."""
        sign = written[0].translate({0x2212: "-", 0x2013: "-"})
        if sign in self.signs:
            return f"{self.signs[sign]} {self(written[1:])}"
        whole, _, decimals = written.partition(self.decimal)
        words = self.whole("".join(_FIGURES.findall(whole)))
        return f"{words} {self.point} {self.spelled(decimals)}" if decimals else words

    def whole(self, figures: str) -> str:
        """Return the words of figures; with a leading zero or very long ones, figure by figure."""
        if (figures[0] == "0" and len(figures) > 1) or len(figures) > _LONGEST:
            return self.spelled(figures)
        return self.cardinal(int(figures))

    def spelled(self, figures: str) -> str:
        """Return figures said one by one."""
        return " ".join(self.digits[int(figure)] for figure in figures)

    def is_one(self, written: str) -> bool:
        """Return whether a number is 1, and what it counts is singular."""
        return written.lstrip("-−–+±") == "1"
