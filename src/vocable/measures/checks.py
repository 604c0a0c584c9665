"""Refuse signals that no measure is defined for, before any measure looks at them."""

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float64

from vocable.arrays import to_numpy
from vocable.audio import LOUDEST
from vocable.audio import check_rate as check_hertz
from vocable.errors import AudioError, MeasureError
from vocable.nearest import nearest

# Floats [samples]: an array, a tensor of any device, a list. Any type, because refusing the wrong
# ones with a reason is what this file is for.
Signal = Any
Samples = Float64[np.ndarray, "samples"]
T = TypeVar("T")
Unpaired = Float64[np.ndarray, "_"]  # samples where those of one call may differ in length

# Mean power below which a signal is silence (-100 dB of full scale): ratios to it mean nothing.
SILENCE = 1e-10


def check_pair(reference: Signal, degraded: Signal) -> tuple[Samples, Samples]:
    """Return both signals as float64 [samples], or raise MeasureError with what is wrong.

    Beyond `check_signal`, both must hold sound and have one length.
    """
    x, y = check_signal(reference, "reference"), check_signal(degraded, "degraded")
    if x.size != y.size:
        raise MeasureError(
            f"reference has {x.size} samples but degraded {y.size}; "
            "align both and cut them to one length"
        )
    check_sound(x, "reference")
    check_sound(y, "degraded")
    return x, y


def check_sound(samples: Unpaired, name: str = "signal") -> None:
    """Raise MeasureError for a silent or constant signal: no measure is defined for it."""
    if is_silent(samples):
        raise MeasureError(
            f"{name} is silent (mean power below -100 dB of full scale); count this clip apart"
        )
    if is_silent(samples - samples.mean()):
        raise MeasureError(
            f"{name} is constant ({samples[0]:g} throughout) and holds no sound; "
            "count this clip apart"
        )


def check_signal(signal: Signal, name: str = "signal") -> Samples:
    """Return one signal as float64 [samples], or raise MeasureError with what is wrong.

    It must be one channel [samples] of finite floats, at least one; it may be silent, which
    `check_sound` refuses. `name` is what messages call it.
    """
    array = _as_array(signal, name)
    if array.dtype.kind != "f":
        kind = array.dtype if array.dtype.kind in "iub" else type(signal).__name__
        raise MeasureError(f"{name} is {kind}; pass floats with full scale at 1 (int16 / 32768)")
    if array.ndim != 1:
        raise MeasureError(
            f"{name} has shape {array.shape}; measure one channel [samples] at a time"
        )
    if array.size == 0:
        raise MeasureError(f"{name} has no samples; at least one is needed")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise MeasureError(
            f"{name} holds {bad.size} NaN or infinite samples, the first at {bad[0]}; "
            "mend or leave out this clip"
        )
    return array.astype(np.float64)


def check_full_scale(*signals: Unpaired) -> None:
    """Raise MeasureError for signals far beyond ±1, where a measure has a floor or a threshold."""
    peak = max(max(signal.max(), -signal.min()) for signal in signals)
    if peak > LOUDEST:
        raise MeasureError(
            f"a signal reaches {peak:g}, far beyond ±1; pass floats with full scale at 1 "
            "(16-bit values / 32768)"
        )


def _as_array(signal: Signal, name: str) -> np.ndarray:
    try:
        return to_numpy(signal)
    except (TypeError, ValueError) as error:
        raise MeasureError(f"{name} is not an array of floats [samples]: {error}") from error


def check_rate(name: str, rate: Any, *, among: tuple[int, ...] = (), least: int = 1) -> int:
    """Return a rate in Hz as an int, or raise MeasureError if `name` is not defined at it.

    among: all that it is defined at; empty for any from `least` up.
    """
    try:
        hertz = check_hertz(rate)
    except AudioError as error:
        raise MeasureError(f"{name}: {error}") from error
    if among and hertz not in among:
        known = " or ".join(map(str, among))
        raise MeasureError(f"{name} is defined at {known} Hz, got {hertz} Hz; resample to it")
    if hertz < least:
        raise MeasureError(
            f"{name} is defined from {least} Hz up, got {hertz} Hz; resample to more"
        )
    return hertz


def check_lengths(
    name: str, signals: tuple[Unpaired, ...], rate: int, shortest: float, longest: float
) -> None:
    """Raise MeasureError if `name` does not take signals `[samples]` of these lengths.

    shortest: seconds that the first, the reference if there is one, needs. longest: that any has.
    """
    least, most = signals[0].size / rate, max(signal.size for signal in signals) / rate
    if least < shortest:
        raise MeasureError(
            f"{name} needs at least {shortest:g} s, got {least:.5g} s; leave this clip out"
        )
    if most > longest:
        raise MeasureError(
            f"{name} scores at most {longest:g} s at a time, got {most:.2f} s; score pieces"
        )


def named(table: Mapping[str, T], name: str, kind: str) -> T:
    """Return what a table has under a name; MeasureError with the nearest for an unknown one."""
    if name not in table:
        raise MeasureError(f'no {kind} named "{name}"; {nearest(name, table)}')
    return table[name]


def is_silent(samples: Samples) -> bool:
    """Return whether the mean power is below -100 dB of full scale."""
    return bool(samples.size == 0 or np.mean(samples**2) < SILENCE)


@contextmanager
def same_randomness() -> Iterator[None]:
    """Let a package that draws from numpy's global generator draw the same every time.

    Whoever else draws from it finds it as it was.
    """
    before = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(before)


def import_package(package: str, what: str, install: str) -> Any:
    """Return an optional package, or raise MeasureError with the way to install it.

    what: that which needs it, as the message names it. install: what to give to pip.
    """
    root = package.partition(".")[0]
    try:
        return importlib.import_module(package)
    except ImportError as error:
        missing = (error.name or "").partition(".")[0] == root
        why = "" if missing else f", which is there but fails ({error})"
        raise MeasureError(
            f'{what} needs the package {root}{why}: pip install "{install}"'
        ) from error
