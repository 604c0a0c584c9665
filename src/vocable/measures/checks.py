"""Refuse signals that no measure is defined for, before any measure looks at them."""

import importlib
from typing import Any

import numpy as np
from jaxtyping import Float64, Shaped

from vocable.errors import MeasureError

# Any shape and type, because refusing the wrong ones with a reason is what this file is for.
Signal = Shaped[np.ndarray, "..."]
Samples = Float64[np.ndarray, "samples"]

# Mean power below which a signal is silence (-100 dB of full scale): ratios to it mean nothing.
SILENCE = 1e-10


def check_pair(reference: Signal, degraded: Signal) -> tuple[Samples, Samples]:
    """Return both signals as float64 [samples], or raise MeasureError with what is wrong.

    Beyond `check_signal`, both must have one length, and the reference must not be silent.
    """
    x, y = check_signal(reference, "reference"), check_signal(degraded, "degraded")
    if x.size != y.size:
        raise MeasureError(
            f"reference has {x.size} samples but degraded {y.size}; "
            "align both and cut them to one length"
        )
    if is_silent(x):
        raise MeasureError(
            "reference is silent (mean power below -100 dB of full scale); leave this clip out"
        )
    return x, y


def check_signal(signal: Signal, name: str = "signal") -> Samples:
    """Return one signal as float64 [samples], or raise MeasureError with what is wrong.

    It must be one channel [samples] of finite floats, at least one; it may be silent. For measures
    that take no reference. `name` is what messages call it.
    """
    if signal.ndim != 1:
        raise MeasureError(
            f"{name} has shape {signal.shape}; measure one channel [samples] at a time"
        )
    if signal.dtype.kind != "f":
        raise MeasureError(
            f"{name} is {signal.dtype}; pass floats with full scale at 1 (int16 / 32768)"
        )
    if signal.size == 0:
        raise MeasureError(f"{name} has no samples; at least one is needed")
    bad = np.flatnonzero(~np.isfinite(signal))
    if bad.size:
        raise MeasureError(
            f"{name} holds {bad.size} NaN or infinite samples, the first at {bad[0]}; "
            "mend or leave out this clip"
        )
    return signal.astype(np.float64)


def check_rate(name: str, rate: int, *, exactly: int | None = None, least: int = 1) -> None:
    """Raise MeasureError if the measure `name` is not defined at `rate` Hz."""
    if exactly not in (None, rate):
        raise MeasureError(f"{name} is defined at {exactly} Hz, got {rate} Hz; resample to it")
    if rate < least:
        raise MeasureError(f"{name} is defined from {least} Hz up, got {rate} Hz; resample to more")


def check_longest(name: str, seconds: float, longest: float) -> None:
    """Raise MeasureError if the measure `name` does not take so many seconds at a time."""
    if seconds > longest:
        raise MeasureError(
            f"{name} scores at most {longest:g} s at a time, got {seconds:.2f} s; score pieces"
        )


def is_silent(samples: Samples) -> bool:
    """Return whether the mean power is below -100 dB of full scale."""
    return bool(samples.size == 0 or np.mean(samples**2) < SILENCE)


def import_package(package: str, measure: str, extra: str) -> Any:
    """Return an optional package, or raise MeasureError with the way to install it."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MeasureError(
            f'{measure} needs the package {package}: pip install "vocable[{extra}]"'
        ) from error
