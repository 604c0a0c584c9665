"""Exact rates and durations that print like numbers: `f"{tokens.seconds:.2f}"`.

`Fraction` itself can be formatted from Python 3.12 on; for 3.11 a subclass adds it, and stays what
it is in sums and products.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

if sys.version_info >= (3, 12):
    Ratio = Fraction
else:

    class Ratio(Fraction):
        """A fraction that can be formatted as its nearest float is."""

        def __format__(self, how: str) -> str:
            return format(float(self), how) if how else str(self)

    def _kept(name: str) -> Callable[..., Any]:
        """Return a method of Fraction whose fractions are of the subclass."""
        plain = getattr(Fraction, name)

        def method(*values: Any) -> Any:
            found = plain(*values)
            return Ratio(found) if type(found) is Fraction else found

        return method

    for _name in (
        *("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__"),
        *("__rtruediv__", "__mod__", "__rmod__", "__pow__", "__neg__", "__pos__", "__abs__"),
        *("limit_denominator",),
    ):
        setattr(Ratio, _name, _kept(_name))
