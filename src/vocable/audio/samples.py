"""Convert arrays, lists and tensors to float32 `[channels, samples]`, and check them."""

from __future__ import annotations

import operator
import os
from typing import Any

import numpy as np
from jaxtyping import Float32

from ..errors import AudioError

MAX_CHANNELS = 256  # as many as a token file has streams
FEW = 8  # more rows than this and no more columns: that is [samples, channels]

_FULL_SCALE = {"int8": 2.0**7, "int16": 2.0**15, "int32": 2.0**31}


def as_samples(data: Any) -> Float32[np.ndarray, "channels samples"]:
    """Return `data` as float32 `[channels, samples]` within about ±1.

    Takes `[samples]` or `[channels, samples]`: arrays, lists, tensors. Floats stay as they are;
    int8, int16 and int32 are divided by their full scale, uint8 (as in 8-bit WAV) is centred first.
    Raises AudioError for other types and shapes, and for `[samples, channels]`.
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
    finite = np.isfinite(samples)
    if finite.all():
        return
    bad = ~finite
    first = int(bad.any(axis=0).argmax())
    channel = int(bad[:, first].argmax())
    position = start + first
    raise AudioError(
        f"{name}: sample {position} ({position / rate:.3f} s) of channel {channel} is "
        f"{samples[channel, first]}; make all finite first, say with numpy.nan_to_num"
    )


def check_rate(rate: Any, *, name: str = "rate") -> int:
    """Return a rate in Hz as an int; raise AudioError unless it is a whole number above 0."""
    try:
        whole = operator.index(rate)
    except TypeError:
        whole = int(rate) if isinstance(rate, float) and rate.is_integer() else 0
    if whole <= 0:
        raise AudioError(f"{name} must be a whole number of Hz above 0, got {rate!r}")
    return whole


def _as_array(data: Any) -> np.ndarray:
    if isinstance(data, str | os.PathLike):
        raise AudioError(f"audio must be samples, got the path {data}; use Audio.read(path)")
    if hasattr(data, "detach"):  # a tensor; torch is not imported here
        data = data.detach().cpu()
        data = data.float() if data.is_floating_point() else data
    try:
        array = np.asarray(data)
    except ValueError as error:  # rows of unequal length
        raise AudioError(f"audio must be [samples] or [channels, samples]; {error}") from error
    return array


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
        return (array.astype(np.float32) - 128) / 128
    if name in _FULL_SCALE:
        return (array / _FULL_SCALE[name]).astype(np.float32)
    raise AudioError(
        f"audio of {name} has no known full scale; pass floats within ±1, int16 or int32"
    )
