"""German units of measurement, percent, and large numbers with their short forms."""

from __future__ import annotations

import re

from vocable.text.normal.de.gender import gender
from vocable.text.normal.de.numbers import NUMERALS
from vocable.text.normal.units import FRACTION, Unit, alternatives, with_prefixes


def _same(name: str) -> Unit:
    return Unit(name, name)


def _feminine(name: str) -> Unit:
    return Unit(name, f"{name}n")


_BASES = {
    **{"m": _same("Meter"), "g": _same("Gramm"), "s": _feminine("Sekunde"), "l": _same("Liter")},
    **{"L": _same("Liter"), "t": _feminine("Tonne"), "Hz": _same("Hertz"), "W": _same("Watt")},
    **{"Wh": Unit("Wattstunde", "Wattstunden"), "V": _same("Volt"), "A": _same("Ampere")},
    **{"Ah": Unit("Amperestunde", "Amperestunden"), "Pa": _same("Pascal"), "J": _same("Joule")},
    **{"cal": _feminine("Kalorie"), "eV": _same("Elektronenvolt"), "Ω": _same("Ohm")},
    **{"N": _same("Newton"), "B": _same("Byte"), "bit": _same("Bit"), "px": _same("Pixel")},
    "bps": _same("Bit pro Sekunde"),
}
_PREFIXES = {
    **{"n": "Nano", "μ": "Mikro", "m": "Milli", "c": "Zenti", "d": "Dezi", "h": "Hekto"},
    **{"k": "Kilo", "K": "Kilo", "M": "Mega", "G": "Giga", "T": "Tera", "P": "Peta"},
}
_OTHERS = {
    **{"min": _feminine("Minute"), "Min.": _feminine("Minute"), "h": _feminine("Stunde")},
    **{"Std.": _feminine("Stunde"), "Std": _feminine("Stunde"), "Sek.": _feminine("Sekunde")},
    **{
        "sek": _feminine("Sekunde"),
        "ha": _same("Hektar"),
        "bar": _same("Bar"),
        "dB": _same("Dezibel"),
    },
    **{"TL": _same("Teelöffel"), "EL": _same("Esslöffel"), "PS": _same("Pe Es")},
    **{"qm": _same("Quadratmeter"), "Pf": Unit("Pfennig", "Pfennig")},
    **{"U/min": Unit("Umdrehung pro Minute", "Umdrehungen pro Minute")},
    **{"°C": _same("Grad Celsius"), "°F": _same("Grad Fahrenheit"), "°": _same("Grad")},
    **{"%": _same("Prozent"), "‰": _same("Promille"), "Mbit": _same("Megabit")},
    **{"kcal": Unit("Kilokalorie", "Kilokalorien")},
}
UNITS = with_prefixes(_BASES, _PREFIXES) | _OTHERS
_NOT_ALONE = {"A", "B", "N", "d"}
_POWERS = {"2": "Quadrat", "3": "Kubik"}
_SCALES = {
    **{"Tsd.": _same("Tausend"), "Mio.": Unit("Million", "Millionen")},
    **{"Mrd.": Unit("Milliarde", "Milliarden"), "Bio.": Unit("Billion", "Billionen")},
}
_SCALES |= {symbol.rstrip("."): unit for symbol, unit in _SCALES.items()}
_SCALES |= {name: unit for unit in _SCALES.values() for name in (unit.one, unit.many)}

_ANY = alternatives(UNITS.keys() - _NOT_ALONE)
_DIVISOR = alternatives(UNITS)
_SCALED = re.compile(rf"({NUMERALS.number})[\s\u00a0-]?({alternatives(_SCALES)})(?!\w)")
_SCALE_ALONE = re.compile(r"\b(?:Mio|Mrd|Tsd)\.?(?!\w)")
_MEASURE = re.compile(
    rf"(?<![^\W\d_])({NUMERALS.number})([\s\u00a0-]?)({_ANY})(?:\^?([23]))?(?:/({_DIVISOR})(?:\^?([23]))?)?"
    r"(?![\w^°]|/\w|'\w)"
)
_HEIGHT = re.compile(r"\d,[1-9]\d")
_PARTLY = re.compile(rf"{FRACTION}({_ANY})(?![\w^°/])")
_PERCENT_LIKE = re.compile(rf"({NUMERALS.number})\s?%-?(ig\w*)")
_ALONE = re.compile(r"(?<![\w/°])(?:%|‰|°C|°F|°)(?!\w)|(?<![\w/])(?:km/h|kWh|m/s)(?![\w/])")


def units(text: str) -> str:
    """Return a text whose measured numbers are words, each with its unit."""
    text = _SCALED.sub(lambda found: counted(found[1], _SCALES[found[2]]), text)
    text = _SCALE_ALONE.sub(lambda found: _SCALES[found[0].rstrip(".")].many, text)
    text = _PERCENT_LIKE.sub(lambda found: f"{NUMERALS(found[1])}prozent{found[2]}", text)
    text = _PARTLY.sub(_partly, text)
    text = _MEASURE.sub(_measure, text)
    return _ALONE.sub(lambda found: f" {_name(found[0])}", text)


def counted(number: str, unit: Unit) -> str:
    """Return a number with what it counts: "eine Stunde", "zwei Stunden"."""
    if unit.one == "Tausend" and number.isdigit():
        return NUMERALS.whole(f"{number}000")
    if not NUMERALS.is_one(number):
        return f"{NUMERALS(number)} {unit.many}"
    one = "eine" if gender(unit.one.split()[0]) == "f" else "ein"
    return f"{NUMERALS(number).removesuffix('eins')}{one} {unit.one}"


def _partly(found: re.Match[str]) -> str:
    unit = UNITS[found[2]]
    return f"{found[1]} {unit.one if found[1] == '1/2' else unit.many}"


def _measure(found: re.Match[str]) -> str:
    number, joint, symbol, power, per, per_power = found.groups()
    unit = UNITS[symbol]
    if symbol == "m" and not (power or per) and _HEIGHT.fullmatch(number):
        whole, _, decimals = number.partition(",")
        return f"{counted(whole, unit)} {NUMERALS.cardinal(int(decimals))}"  # "ein Meter achtzig"
    if power:
        unit = Unit(*(_POWERS[power] + name.lower() for name in (unit.one, unit.many)))
    if per:
        divisor = _POWERS.get(per_power or "", "")
        name = divisor + (UNITS[per].one.lower() if divisor else UNITS[per].one)
        unit = Unit(f"{unit.one} pro {name}", f"{unit.many} pro {name}")
    words = counted(number, unit)
    return words.replace(" ", "-") if joint == "-" else words


def _name(symbol: str) -> str:
    """Return the name of a unit that no number stands before."""
    first, _, per = symbol.partition("/")
    return UNITS[first].many + (f" pro {UNITS[per].one}" if per else "")
