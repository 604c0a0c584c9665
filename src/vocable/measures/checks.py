"""Refuse signals that no measure is defined for, before any measure looks at them."""

import numpy as np
from jaxtyping import Float64, Shaped

from vocable.errors import MeasureError

# Any shape and type, because refusing the wrong ones with a reason is what this file is for.
Signal = Shaped[np.ndarray, "..."]
Samples = Float64[np.ndarray, "samples"]

# Mean power below which a reference is silence (-100 dB of full scale): ratios to it mean nothing.
SILENCE = 1e-10


def check_pair(reference: Signal, degraded: Signal) -> tuple[Samples, Samples]:
    """Return both signals as float64 [samples], or raise MeasureError with what is wrong."""
    x, y = _check_one("reference", reference), _check_one("degraded", degraded)
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


def check_rate(rate: int, least: int) -> None:
    """Raise MeasureError if `rate` is below `least` Hz."""
    if rate < least:
        raise MeasureError(f"rate must be at least {least} Hz, got {rate} Hz; resample both")


def is_silent(samples: Samples) -> bool:
    """Return whether the mean power is below -100 dB of full scale."""
    return bool(samples.size == 0 or np.mean(samples**2) < SILENCE)


def _check_one(name: str, signal: Signal) -> Samples:
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
