"""What encoders of features are given: one recording or a list of them, short or long."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

import numpy as np
from jaxtyping import Float32

from vocable.codecs.recording import Recording, open_recording
from vocable.errors import AudioError

Features = Float32[np.ndarray, "_ _"]  # frames, channels


def as_list(sources: Any) -> list[Any]:
    """Return several recordings as they are, and one as a list of one; samples may be a list."""
    several = isinstance(sources, list) and not (sources and isinstance(sources[0], int | float))
    return list(sources) if several else [sources]


def one_channel(
    source: Any, cleanup: ExitStack, rate: int | None, *, mix: bool, allow_loud: bool
) -> Recording:
    """Return a recording of one channel. AudioError for several, unless `mix` averages them."""
    recording = open_recording(source, cleanup, rate=rate, allow_loud=allow_loud)
    if recording.channels > 1 and not mix:
        raise AudioError(
            f"recording has {recording.channels} channels but features are of one; pass mix=True "
            "to average them, or give them one by one"
        )
    return recording.mono()


def joined(parts: Iterable[tuple[int, Features]], count: int) -> list[Features]:
    """Return the features of `count` recordings whose parts come with their numbers.

    A part is freed when it is copied, so that no recording is held twice.
    """
    found: list[list[Features]] = [[] for _ in range(count)]
    for index, rows in parts:
        found[index].append(rows)
    return [each[0] if len(each) == 1 else _whole(each) for each in found]


def _whole(parts: list[Features]) -> Features:
    whole = np.empty((sum(map(len, parts)), parts[0].shape[1]), np.float32)
    end = len(whole)
    while parts:
        part = parts.pop()
        whole[end - len(part) : end] = part
        end -= len(part)
    return whole
