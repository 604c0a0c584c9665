"""Convert arrays, lists and tensors to float32 `[channels, samples]`, and check them."""

from __future__ import annotations

import logging
import math
import operator
import os
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Float32

from ..arrays import to_numpy
from ..binary_streams import as_bytes
from ..errors import AudioError
from .magic import format_of

log = logging.getLogger("vocable")

RATES = range(1000, 768_001)  # Hz; what is outside has been mistyped, damaged or made to harm
MAX_CHANNELS = 256  # as many as a token file has streams
FEW = 8  # more rows than this and no more columns: that is [samples, channels]
LOUDEST = 16.0  # 24 dB beyond full scale: more than any mix has, less than speech at integer scale

_FULL_SCALE = {"int8": 2.0**7, "int16": 2.0**15, "int32": 2.0**31}
_SIXTEEN_BITS = 2**17  # four sums of 16-bit values stay below; -84 dB for int32
_QUIET = 2**23  # 24-bit values stay below; -48 dB for int32
_STORED_24_BITS = 256  # values of 24-bit converters in int32 are multiples of this


def as_samples(data: Any) -> Float32[np.ndarray, "channels samples"]:
    """Return `data` as float32 `[channels, samples]` within about ±1.

    Takes `[samples]` or `[channels, samples]`: arrays, lists, tensors. Floats stay as they are;
    int8, int16 and int32 are divided by their full scale, uint8 (as in 8-bit WAV) is centred first.
    Raises AudioError for other types and shapes, for `[samples, channels]`, for int32 that holds
    16-bit values, and for the bytes of a file.
    """
    array = _as_array(data)
    if array.ndim == 1:
        array = array[None]
    _check_shape(array)
    return np.ascontiguousarray(_as_float(array))


def check_finite(
    samples: Float32[np.ndarray, "channels samples"],
    rate: int,
    *,
    name: str = "audio",
    start: int = 0,
) -> None:
    """Raise AudioError, with the position, if a sample is NaN or infinite.

    `samples` begin at sample `start` of the recording called `name`.
    """
    check_samples(samples, rate, name=name, start=start, allow_loud=True)


def check_samples(
    samples: Float32[np.ndarray, "channels samples"],
    rate: int,
    *,
    name: str = "audio",
    start: int = 0,
    allow_loud: bool = False,
) -> None:
    """Do as `check_finite` does, and refuse samples far beyond ±1 unless `allow_loud` is set."""
    if samples.dtype.kind != "f":
        raise AudioError(f"{name} is {samples.dtype}; wanted floats within ±1, see as_samples")
    peak = max(samples.max(), -samples.min()) if samples.size else 0.0  # NaN if any sample is
    if not math.isfinite(peak):
        _refuse_not_finite(samples, rate, name, start)
    if peak > LOUDEST and not allow_loud:
        position = start + int((np.abs(samples) > LOUDEST).any(axis=0).argmax())
        raise AudioError(
            f"{name}: samples reach {peak:g} from {position / rate:.3f} s (sample {position}) on, "
            "far beyond ±1; divide 16-bit values by 32768, or pass allow_loud=True (--allow-loud) "
            "if the sound is that loud"
        )


def _refuse_not_finite(samples: np.ndarray, rate: int, name: str, start: int) -> NoReturn:
    bad = ~np.isfinite(samples)
    first = int(bad.any(axis=0).argmax())
    channel = int(bad[:, first].argmax())
    position = start + first
    raise AudioError(
        f"{name}: sample {position} ({position / rate:.3f} s) of channel {channel} is "
        f"{samples[channel, first]}; make all finite first, say with numpy.nan_to_num"
    )


def check_rate(rate: Any, *, name: str = "rate") -> int:
    """Return a rate in Hz as an int; AudioError unless it is a whole number, 1000 to 768000."""
    whole = _whole(rate)
    if whole in RATES:
        return whole
    hertz = 1000 * float(rate) if _whole(rate, 1000) in RATES else 0
    hint = f"; {rate:g} kHz is {hertz:.0f}" if hertz else ""
    raise AudioError(
        f"{name} must be a whole number of Hz from {RATES[0]} to {RATES[-1]}, got {rate!r}{hint}"
    )


def _whole(rate: Any, factor: int = 1) -> int:
    """Return `factor` times a number as an int; 0 where that is not whole, or no number."""
    if isinstance(rate, bool | str | bytes):
        return 0
    try:
        return factor * operator.index(rate)
    except TypeError:
        pass
    try:
        hertz = round(factor * float(rate), 6)  # 44.1 · 1000 is not quite whole
    except (TypeError, ValueError, RuntimeError):  # torch's, for tensors of several numbers
        return 0
    return int(hertz) if hertz.is_integer() else 0


def _as_array(data: Any) -> np.ndarray:
    if isinstance(data, str | os.PathLike):
        raise AudioError(f"audio must be samples, got the path {data}; use Audio.read(path)")
    is_file = hasattr(data, "read") and not hasattr(data, "__array__")
    if as_bytes(data) is not None or isinstance(data, Mapping) or is_file:
        kind = type(data).__name__
        raise AudioError(f"audio must be samples, got {kind}; use Audio.read for files and rows")
    try:
        return to_numpy(data)
    except (TypeError, ValueError) as error:
        raise AudioError(f"audio must be [samples] or [channels, samples]; {error}") from error


def _check_shape(array: np.ndarray) -> None:
    if array.ndim != 2:
        raise AudioError(
            f"audio must be [samples] or [channels, samples], got {list(array.shape)}; "
            "take one item of a batch at a time"
        )
    rows, columns = array.shape
    if rows > FEW and 0 < columns <= FEW:
        raise AudioError(
            f"audio must be [channels, samples], got {[rows, columns]}, which looks like "
            f"[samples, channels]; pass its transpose, array.T"
        )
    if not 0 < rows <= MAX_CHANNELS:
        raise AudioError(f"audio has {rows} channels; 1 to {MAX_CHANNELS} can be used")


def _as_float(array: np.ndarray) -> np.ndarray:
    name = array.dtype.name
    if array.dtype.kind == "f":
        return array.astype(np.float32, copy=False)
    if name == "uint8":
        _check_not_a_file(array)
        return (array.astype(np.float32) - 128) / 128
    if name in _FULL_SCALE:
        if name == "int32":
            _check_32_bits(array)
        return (array / _FULL_SCALE[name]).astype(np.float32)
    raise AudioError(
        f"audio of {name} has no known full scale; pass floats within ±1, int16 or int32"
    )


def _check_not_a_file(array: np.ndarray) -> None:
    """Refuse uint8 that begins as files do: a whole recording, and not samples."""
    start = array[0, :8].tobytes()
    if len(array) == 1 and format_of(start):
        raise AudioError(
            f"uint8 that begins with {start!r} is a file and not samples; use Audio.read(bytes(it))"
        )


def _check_32_bits(array: np.ndarray) -> None:
    """Refuse 16-bit values in int32, and warn of what may be 24-bit values."""
    peak = max(int(array.max()), -int(array.min())) if array.size else 0
    if peak >= _QUIET or not (array % _STORED_24_BITS).any():
        return
    reach = f"int32 samples go up to {peak} of {2**31}"
    if peak < _SIXTEEN_BITS:
        raise AudioError(
            f"{reach}, as 16-bit values do; pass them as int16, or as floats divided by 2**31 if "
            "the sound is that quiet"
        )
    log.warning("%s; if they are 24-bit values, shift them left by 8 bits", reach)
