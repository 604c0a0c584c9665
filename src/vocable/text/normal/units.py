"""Units of measurement: what they are called, made of prefixes and of the units that take them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Which prefixes are in use before which unit, by symbols.
PREFIXED = {
    **{"m": "n μ m c d k", "g": "μ m k", "l": "μ m c d h", "L": "m", "s": "n μ m", "t": "k M"},
    **{"Hz": "k M G T", "W": "m k M G", "Wh": "k M G T", "V": "m k", "A": "m", "Ah": "m k"},
    **{
        "Pa": "h k M",
        "J": "k M",
        "cal": "k",
        "eV": "k M G",
        "Ω": "k M",
        "N": "k",
        "B": "k K M G T P",
    },
    **{"bit": "k M G", "bps": "k M G", "px": "M", "p": "M"},
}


@dataclass(frozen=True)
class Unit:
    """The name of a unit after 1 and after other numbers."""

    one: str
    many: str


def with_prefixes(bases: Mapping[str, Unit], prefixes: Mapping[str, str]) -> dict[str, Unit]:
    """Return units by symbol, with those that prefixes make of them.

    Where a name begins with a capital, what a prefix makes of it does, too.
    """
    found = dict(bases)
    for symbol, base in bases.items():
        for prefix in PREFIXED.get(symbol, "").split():
            found[prefix + symbol] = Unit(
                *(_led(prefixes[prefix], each) for each in (base.one, base.many))
            )
    return found


FRACTION = r"(?<![\w.,/])((?:\d{1,6}[ \u00a0])?\d{1,3}/\d{1,4})[\s\u00a0]?"


def alternatives(symbols: Iterable[str]) -> str:
    """Return a regular expression of any of the symbols, the longest first."""
    return "|".join(map(re.escape, sorted(symbols, key=len, reverse=True)))


def _led(prefix: str, name: str) -> str:
    return prefix.capitalize() + name.lower() if name[0].isupper() else prefix + name
