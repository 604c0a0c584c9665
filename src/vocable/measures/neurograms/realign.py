"""Compare matched patches again, each pair lined up to the sample."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vocable.measures.checks import Samples
from vocable.measures.neurograms.alignment import align
from vocable.measures.neurograms.nsim import Similarity, compare
from vocable.measures.neurograms.spectrogram import Resolution, neurograms


@dataclass(frozen=True)
class Match:
    """A pair of patches: where they lie, in seconds, and how alike they are."""

    similarity: Similarity
    reference: tuple[float, float]  # start and end
    degraded: tuple[float, float]
    lost: bool = False


def realigned(match: Match, reference: Samples, degraded: Samples, grid: Resolution) -> Match:
    """Return the match with its sound lined up, or as it is where that is less alike."""
    if match.lost:
        return match
    x = _cut(reference, *match.reference, grid.rate)
    y = _cut(degraded, *match.degraded, grid.rate)
    x, y, lag = _lined_up(x, y, grid.rate)
    similarity = compare(*neurograms(x, y, grid))
    if similarity.mean < match.similarity.mean:
        return match
    start = match.reference[0] + max(lag, 0) / grid.rate
    return replace(match, similarity=similarity, reference=(start, start + x.size / grid.rate))


def _lined_up(x: Samples, y: Samples, rate: int) -> tuple[Samples, Samples, int]:
    """Return both cut to what they share, and by how many samples y was late."""
    y, lag = align(x, y)
    if y.size <= x.size:
        return x[: y.size], y, lag
    skipped = int(lag / rate * rate)  # as ViSQOL: rounding may leave one sample more
    return x[skipped:], y[skipped : x.size], lag


def _cut(samples: Samples, start: float, end: float, rate: int) -> Samples:
    """Return the sound of a patch; what is missing at the end is put as silence before it.

    The end of a recording loses one sample more: so ViSQOL has it.
    """
    first = int(start * rate)
    piece = samples[first : min(samples.size - 1, int(end * rate))]
    return np.pad(piece, (max(0, int(end * rate - samples.size)), 0))
