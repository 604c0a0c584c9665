"""Hold the one table of measures, and compute scores by it.

`vocable roundtrip`, held-out judging, the benchmarks and docs/measures.md all read `REGISTRY`; a
measure that is registered appears in them without another edit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vocable.errors import MeasureError, ModelError
from vocable.measures.checks import (
    Samples,
    Signal,
    check_longest,
    check_pair,
    check_rate,
    check_signal,
)
from vocable.nearest import nearest

# What a line of a log or of --json says beside scores, so that no measure may have the name.
RESERVED = frozenset(
    (
        *("band_end_hz", "bits_per_second", "bits_per_second_on_disk", "bytes", "channels"),
        *("codec", "measured_seconds", "speech"),
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
    rate        Hz at which it is defined, None for any from `min_rate` up
    min_rate    the lowest Hz
    longest     seconds that it takes at a time, at most
    reference   whether it compares with a reference
    default     whether `vocable roundtrip` and held-out judging compute it unasked
    digits      decimals worth printing
    """

    name: str
    function: Callable[..., float]
    about: str
    unit: str
    direction: str | None
    range: tuple[float, float]
    needs: str | None = None
    rate: int | None = None
    min_rate: int = 1
    longest: float = math.inf
    reference: bool = True
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

    def format(self, value: float) -> str:
        """Return a value with its unit, as in `12.3 dB`."""
        return f"{value:.{self.digits}f} {self.unit}".rstrip()


REGISTRY: dict[str, Measure] = {}  # by name; `register` adds to it


def register(measure: Measure) -> Measure:
    """Add a measure to `REGISTRY` and return it; MeasureError if its name is taken."""
    if measure.name in REGISTRY:
        raise MeasureError(
            f'a measure "{measure.name}" is registered already; take another name, '
            f'or del REGISTRY["{measure.name}"] first'
        )
    REGISTRY[measure.name] = measure
    return measure


def default_measures() -> list[Measure]:
    """Return the measures that roundtrip and held-out judging compute, in the table's order."""
    return [measure for measure in REGISTRY.values() if measure.default]


def score(measure: str | Measure, reference: Signal | None, degraded: Signal, rate: int) -> float:
    """Return what a measure, or the registered measure of a name, says of `degraded`.

    Takes float [samples] (array, tensor or list) with full scale at ±1, aligned and of one length,
    at `rate` Hz; nothing is resampled, shifted or cut. A measure without a reference ignores
    `reference`. Raises MeasureError where the measure is not defined, or lacks a package or its
    weights.
    """
    chosen = find(measure)
    rate = check_rate(chosen.name, rate, exactly=chosen.rate, least=chosen.min_rate)
    signals = _checked(chosen, reference, degraded, rate)
    try:
        value = float(chosen.function(*signals, rate))
    except (ImportError, ModelError, OSError) as error:
        remedy = f'; pip install "vocable[{chosen.needs}]"' if chosen.needs else ""
        raise MeasureError(f"{chosen.name} lacks what it needs: {error}{remedy}") from error
    except MeasureError:
        raise
    except Exception as error:  # networks fail in many ways on a clip that is too short for them
        reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        raise MeasureError(f"{chosen.name} failed on this clip ({reason}); leave it out") from error
    if not math.isfinite(value):
        raise MeasureError(f"{chosen.name} gave {value} for this clip; leave it out")
    return value


def score_all(
    measures: Iterable[str | Measure], reference: Signal | None, degraded: Signal, rate: int
) -> tuple[dict[str, float], dict[str, str]]:
    """Return the scores by name, and for those that cannot be computed the reason by name.

    Takes what `score` takes; a name that is not registered raises MeasureError.
    """
    scores: dict[str, float] = {}
    unscored: dict[str, str] = {}
    for chosen in map(find, measures):
        try:
            scores[chosen.name] = score(chosen, reference, degraded, rate)
        except MeasureError as error:
            unscored[chosen.name] = str(error)
    return scores, unscored


def find(measure: str | Measure) -> Measure:
    """Return a measure by its name; MeasureError with the nearest for an unknown one."""
    if isinstance(measure, Measure):
        return measure
    if measure not in REGISTRY:
        raise MeasureError(f'no measure named "{measure}"; {nearest(measure, REGISTRY)}')
    return REGISTRY[measure]


def _checked(
    measure: Measure, reference: Signal | None, degraded: Signal, rate: int
) -> tuple[Samples, ...]:
    if not measure.reference:
        signals: tuple[Samples, ...] = (check_signal(degraded, "degraded"),)
    elif reference is None:
        raise MeasureError(f"{measure.name} compares with a reference; give it, or another measure")
    else:
        signals = check_pair(reference, degraded)
    check_longest(measure.name, signals[0].size / rate, measure.longest)
    return signals
