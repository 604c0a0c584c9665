"""English units of measurement and percent, with their plurals."""

from __future__ import annotations

import re

from vocable.text.normal.en.numbers import NUMERALS
from vocable.text.normal.units import FRACTION, Unit, alternatives, with_prefixes


def _regular(name: str) -> Unit:
    return Unit(name, f"{name}s")


_BASES = {
    **{"m": _regular("meter"), "g": _regular("gram"), "s": _regular("second")},
    **{"l": _regular("liter"), "L": _regular("liter"), "t": _regular("ton")},
    **{"Hz": Unit("hertz", "hertz"), "W": _regular("watt"), "Wh": _regular("watt hour")},
    **{"V": _regular("volt"), "A": _regular("amp"), "Ah": _regular("amp hour")},
    **{"Pa": _regular("pascal"), "J": _regular("joule"), "cal": _regular("calorie")},
    **{"eV": _regular("electron volt"), "Ω": _regular("ohm"), "N": _regular("newton")},
    **{"B": _regular("byte"), "bit": _regular("bit"), "px": _regular("pixel")},
    "bps": Unit("bit per second", "bits per second"),
}
_PREFIXES = {
    **{"n": "nano", "μ": "micro", "m": "milli", "c": "centi", "d": "deci", "h": "hecto"},
    **{"k": "kilo", "K": "kilo", "M": "mega", "G": "giga", "T": "tera", "P": "peta"},
}
_OTHERS = {
    **{"min": _regular("minute"), "mins": _regular("minute"), "h": _regular("hour")},
    **{"hr": _regular("hour"), "hrs": _regular("hour"), "sec": _regular("second")},
    **{"secs": _regular("second"), "wk": _regular("week"), "yr": _regular("year")},
    **{"yrs": _regular("year"), "ha": _regular("hectare"), "bar": Unit("bar", "bars")},
    **{"dB": _regular("decibel"), "mph": Unit("mile per hour", "miles per hour")},
    **{"kph": Unit("kilometer per hour", "kilometers per hour")},
    **{"kmh": Unit("kilometer per hour", "kilometers per hour")},
    **{"rpm": Unit("revolution per minute", "revolutions per minute")},
    **{"fps": Unit("frame per second", "frames per second")},
    **{"ppm": Unit("part per million", "parts per million")},
    **{"dpi": Unit("dot per inch", "dots per inch")},
    **{"psi": Unit("pound per square inch", "pounds per square inch")},
    **{"lb": _regular("pound"), "lbs": _regular("pound"), "oz": Unit("ounce", "ounces")},
    **{"ft": Unit("foot", "feet"), "yd": _regular("yard"), "yds": _regular("yard")},
    **{"tsp": _regular("teaspoon"), "tbsp": _regular("tablespoon"), "pt": _regular("pint")},
    **{"mi": _regular("mile"), "gal": _regular("gallon"), "fl oz": _regular("fluid ounce")},
    **{"sq ft": Unit("square foot", "square feet"), "sq mi": _regular("square mile")},
    **{"°C": Unit("degree Celsius", "degrees Celsius"), "°": _regular("degree")},
    **{"°F": Unit("degree Fahrenheit", "degrees Fahrenheit"), "°K": _regular("kelvin")},
    **{"%": Unit("percent", "percent"), "‰": Unit("per mille", "per mille")},
}
UNITS = with_prefixes(_BASES, _PREFIXES) | _OTHERS
_NOT_ALONE = {"A", "B", "N", "t", "d"}  # letters that more often mean something else: "Flight 5A"
_POWERS = {"2": "square", "3": "cubic"}

_ANY = alternatives(UNITS.keys() - _NOT_ALONE)
_DIVISOR = alternatives(UNITS)
_MEASURE = re.compile(
    rf"(\ban?\s)?(?<![^\W\d_])({NUMERALS.number})([\s\u00a0-]?)({_ANY})(?:\^?([23]))?(?:/({_DIVISOR})(?:\^?([23]))?)?"
    r"(?![\w^°]|/\w|'\w)(\.(?=\s+[a-z])|(?:(?<=ft)|(?<=lb)|(?<=oz))\.(?=\s+\d))?"
)
_PARTLY = re.compile(rf"{FRACTION}({_ANY})(?![\w^°/])")
_NOUN = re.compile(r"[\s-][a-z]")
_FEET = re.compile(
    rf"({NUMERALS.unsigned})'(?:(\d{{1,2}})(?:\"|''))?(?!\w)|(?<=\d)\s?in\.(?=\s+[a-z]|,)"
)
_INCHES = re.compile(
    rf"({NUMERALS.unsigned})\"(?![\w])(?=[^\"]*$|[^\"]*\"[^\"]*\")|"
    rf"(?<=(?:foot|feet) )({NUMERALS.unsigned})\s?in\b\.?"
)
_ALONE = re.compile(
    rf"(?<![\w/°])({alternatives(each for each in UNITS if '%' in each or '°' in each)})"
    r"(?!\w)|(?<![\w/])(km/h|kWh|m/s)(?![\w/])"
)


def units(text: str) -> str:
    """Return a text whose measured numbers are words, each with its unit."""
    text = _PARTLY.sub(_partly, text)
    text = _MEASURE.sub(_measure, text)
    text = _FEET.sub(_feet, text)
    text = _INCHES.sub(lambda found: _counted(found[1] or found[2], Unit("inch", "inches")), text)
    return _ALONE.sub(lambda found: f" {_name(found[0])}", text)


def _partly(found: re.Match[str]) -> str:
    """Return a fraction of a unit: "3/4 km" is "3/4 of a kilometer"."""
    unit = UNITS[found[2]]
    of = f"of {'an' if unit.one[0] in 'aeio' or unit.one == 'hour' else 'a'} {unit.one}"
    return f"{found[1]} {unit.many if ' ' in found[1] else of}"


def _measure(found: re.Match[str]) -> str:
    article, number, joint, symbol, power, per, per_power, _ = found.groups()
    unit = UNITS[symbol]
    before_noun = joint == "-" or (article and _NOUN.match(found.string, found.end()))
    name = unit.one if NUMERALS.is_one(number) or before_noun else unit.many
    if power:
        name = f"{_POWERS[power]} {name}"
    if per:
        name += f" per {UNITS[per].one}" + _power_after(per, per_power)
    words = NUMERALS(number)
    joint = "-" if joint == "-" and " " not in words else " "
    return f"{article or ''}{words}{joint}{name}"


def _power_after(symbol: str, power: str | None) -> str:
    """Return what is said of a power behind "per": "second squared"."""
    return {"2": " squared", "3": " cubed"}[power] if power else ""


def _feet(found: re.Match[str]) -> str:
    if not found[1]:
        return " inches"
    words = _counted(found[1], UNITS["ft"])
    return f"{words} {_counted(found[2], Unit('inch', 'inches'))}" if found[2] else words


def _counted(number: str, unit: Unit) -> str:
    return f"{NUMERALS(number)} {unit.one if NUMERALS.is_one(number) else unit.many}"


def _name(symbol: str) -> str:
    """Return the name of a unit that no number stands before."""
    first, _, per = symbol.partition("/")
    return UNITS[first].many + (f" per {UNITS[per].one}" if per else "")
