"""A decoder with strides of its own: tokens of sound at one rate become sound at a higher one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from vocable.errors import ModelError


def decoder_strides(strides: Sequence[int], own: Sequence[int]) -> tuple[int, ...]:
    """Return the strides of a decoder in order: its own, or else the encoder's, last first."""
    return tuple(own) or tuple(reversed(strides))


def out_rate(rate: int, strides: Sequence[int], own: Sequence[int]) -> int | None:
    """Return the rate in Hz that a decoder writes; None where it is the one that is read."""
    written = Fraction(rate * math.prod(decoder_strides(strides, own)), math.prod(strides))
    if written.denominator > 1:
        raise ModelError(
            f"decoder_strides are {list(own)}, so that {rate} Hz would become {float(written):g} "
            "Hz; choose strides that give a whole number"
        )
    return None if written == rate else int(written)
