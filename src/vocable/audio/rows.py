"""Recognise samples that come with their rate, as other libraries hand them over.

rows of `datasets`      {"array": [samples] or [channels, samples], "sampling_rate": Hz}; since its
                        version 4 an AudioDecoder of torchcodec
pairs                   (samples, rate) of torchaudio, librosa and soundfile; (rate, samples) of
                        scipy and gradio, whose two axes are [samples, channels]
torchcodec, pydub       AudioDecoder, AudioSamples; AudioSegment
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arrays import to_numpy
from ..binary_streams import as_bytes
from .samples import FEW


class Rated(NamedTuple):
    """Samples, `[samples]` or `[channels, samples]`, and their rate in Hz; both unchecked."""

    samples: Any
    rate: Any


def with_rate(source: Any) -> Rated | None:
    """Return the samples and the rate that `source` holds, None where it is something else."""
    if isinstance(source, Mapping):
        return _row(source)
    if isinstance(source, tuple | list):
        return _pair(source)
    if hasattr(source, "get_all_samples"):
        source = source.get_all_samples()
    if hasattr(source, "data") and hasattr(source, "sample_rate"):
        return Rated(source.data, source.sample_rate)
    if hasattr(source, "get_array_of_samples") and hasattr(source, "frame_rate"):
        rows = np.array(source.get_array_of_samples()).reshape(-1, source.channels)
        return Rated(rows.T, source.frame_rate)
    return None


def is_samples(source: Any) -> bool:
    """Return whether `source` is samples that do not say their rate."""
    if isinstance(source, list | tuple):
        several = bool(source) and isinstance(source[0], str | bytes | Mapping | os.PathLike)
        return not several and _pair(source) is None
    if isinstance(source, memoryview):
        return as_bytes(source) is None
    return isinstance(source, array) or hasattr(source, "__array__")


def _row(row: Mapping[str, Any]) -> Rated | None:
    for key in ("array", "raw"):
        if row.get(key) is not None and "sampling_rate" in row:
            return Rated(row[key], row["sampling_rate"])
    return None


def _pair(pair: tuple[Any, ...] | list[Any]) -> Rated | None:
    if len(pair) != 2 or _is_number(pair[0]) == _is_number(pair[1]):
        return None
    if _is_number(pair[1]):
        return Rated(*pair)
    samples = to_numpy(pair[1])
    rows, columns = samples.shape if samples.ndim == 2 else (1, len(np.atleast_1d(samples)))
    return Rated(samples if rows <= FEW < columns else samples.T, pair[0])


def _is_number(value: Any) -> bool:
    return bool(value.ndim == 0) if hasattr(value, "ndim") else isinstance(value, int | float)
