"""Describe a measure: what it says, of which signals it is defined, and how it is computed.

Whoever computes a measure, by its name or by its function, goes through `compute`: what it is
defined for is declared once, checked in one place, and refused in one wording.
"""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vocable.errors import MeasureError, ModelError
from vocable.measures.checks import (
    Signal,
    Unpaired,
    check_lengths,
    check_pair,
    check_rate,
    check_signal,
    check_sound,
)

# What a line of a log or of --json says beside scores, so that no measure may have the name.
RESERVED = frozenset(
    (
        *("band_end_hz", "bits_per_second", "bits_per_second_on_disk", "bytes", "channels"),
        *("codec", "delay_seconds", "measured_seconds", "speech"),
        *("decode_times_real_time", "encode_times_real_time", "frames", "frames_per_second"),
        *("input", "kind", "level_db", "levels", "mel", "output", "pitch_semitones", "rate_hz"),
        *("report", "samples", "seconds", "space", "step", "streams", "tokens", "unscored"),
    )
)


@dataclass(frozen=True)
class Measure:
    """What one measure of decoded sound says, and the function that computes it.

    name        an identifier: the key in JSON and logs, and the name in tables
    function    `function(reference, degraded, rate)`, or `function(degraded, rate)` for a measure
                without a reference, on float64 [samples] that are checked already; returns a
                number, or raises MeasureError where it is not defined
    about       what it says, and its source, in a few words
    unit        of the value; "" for a plain number
    direction   where better is: "up", "down", or None for neither
    range       the lowest and the highest value, math.inf where there is no limit
    needs       the extra of vocable to install, or None
    package     the package that computes it, or None for vocable itself
    version     of the definition: whatever gives other values has another
    rate        Hz at which it is defined, or several; None for any from `min_rate` up
    min_rate    the lowest Hz
    shortest    seconds that it needs (of the reference, if lengths may differ), at least
    longest     seconds that it takes at a time, at most
    reference   whether it compares with a reference
    lines_up    whether it lines up recordings of any two lengths itself
    default     whether `vocable roundtrip` and held-out judging compute it unasked
    digits      decimals worth printing
    """

    name: str
    function: Callable[..., Any]
    about: str
    unit: str
    direction: str | None
    range: tuple[float, float]
    needs: str | None = None
    package: str | None = None
    version: str = "1"
    rate: int | tuple[int, ...] | None = None
    min_rate: int = 1
    shortest: float = 0.0
    longest: float = math.inf
    reference: bool = True
    lines_up: bool = False
    default: bool = True
    digits: int = 3

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise MeasureError(
                f'a measure is named by an identifier, as "pesq_wb", got "{self.name}"'
            )
        if self.name in RESERVED:
            raise MeasureError(
                f'"{self.name}" is what results say beside scores; take another name'
            )
        if self.direction not in ("up", "down", None):
            raise MeasureError(f'direction must be "up", "down" or None, got {self.direction!r}')
        if not self.range[0] < self.range[1]:
            raise MeasureError(f"range must be (lowest, highest), got {self.range}")
        if not 0 <= self.shortest <= self.longest:
            raise MeasureError(
                f"shortest and longest must be seconds from 0 up, the shortest first, "
                f"got {self.shortest:g} and {self.longest:g}"
            )

    @property
    def rates(self) -> tuple[int, ...]:
        """Hz at which it is defined; empty for any from `min_rate` up."""
        if self.rate is None:
            return ()
        return self.rate if isinstance(self.rate, tuple) else (self.rate,)

    @property
    def computed_by(self) -> str:
        """What computes it here, with the version that is installed: "pesq 0.0.4", "vocable"."""
        if self.package is None:
            return "vocable"
        found = importlib.metadata.packages_distributions().get(self.package)
        return " ".join((self.package, importlib.metadata.version(found[0]) if found else "?"))

    def format(self, value: float) -> str:
        """Return a value with its unit, as in `12.3 dB`."""
        return f"{value:.{self.digits}f} {self.unit}".rstrip()


def compute(measure: Measure, reference: Signal | None, degraded: Signal, rate: int) -> Any:
    """Return what a measure's function does, of signals that it is defined for.

    Takes float [samples] (array, tensor or list) with full scale at ±1, aligned and of one length,
    at `rate` Hz; nothing is resampled, shifted or cut. Raises MeasureError where the measure is not
    defined, or lacks a package or its weights.
    """
    rate = check_rate(measure.name, rate, among=measure.rates, least=measure.min_rate)
    signals = _checked(measure, reference, degraded)
    check_lengths(measure.name, signals, rate, measure.shortest, measure.longest)
    with failures(measure):
        return measure.function(*signals, rate)


def _checked(measure: Measure, reference: Signal | None, degraded: Signal) -> tuple[Unpaired, ...]:
    if not measure.reference:
        signals = {"degraded": check_signal(degraded, "degraded")}
    elif reference is None:
        raise MeasureError(f"{measure.name} compares with a reference; give it, or another measure")
    elif not measure.lines_up:
        return check_pair(reference, degraded)
    else:
        given = {"reference": reference, "degraded": degraded}
        signals = {name: check_signal(signal, name) for name, signal in given.items()}
    for name, signal in signals.items():
        check_sound(signal, name)
    return tuple(signals.values())


@contextmanager
def failures(measure: Measure) -> Iterator[None]:
    """Raise MeasureError, with a reason of one line, for whatever goes wrong."""
    try:
        yield
    except (ImportError, ModelError, OSError) as error:
        remedy = f'; pip install "vocable[{measure.needs}]"' if measure.needs else ""
        raise MeasureError(f"{measure.name} lacks what it needs: {error}{remedy}") from error
    except MeasureError:
        raise
    except Exception as error:  # networks fail in many ways on a clip that is too short for them
        reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        raise MeasureError(
            f"{measure.name} failed on this clip ({reason}); leave it out"
        ) from error
