"""Score one recording against another by measures of any rate."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from vocable.audio import Audio
from vocable.measures.registry import Measure, find, score_all


def score_recordings(
    measures: Iterable[str | Measure], reference: Audio, decoded: Audio, rate: int
) -> tuple[dict[str, float], dict[str, str]]:
    """Return the scores by name, and for those that cannot be computed the reason by name.

    Both recordings are mixed to one channel, resampled to the rate of each measure (`rate` where it
    has none of its own, say that of the codec), and cut to one length: the shorter's, and at most
    what the measure takes.
    """
    scores: dict[str, float] = {}
    unscored: dict[str, str] = {}
    for measure in map(find, measures):
        found, reasons = score_all([measure], *_prepared(measure, reference, decoded, rate))
        scores |= found
        unscored |= reasons
    return scores, unscored


def _prepared(
    measure: Measure, reference: Audio, decoded: Audio, rate: int
) -> tuple[np.ndarray, np.ndarray, int]:
    rate = measure.rate or max(rate, measure.min_rate)
    x, y = (audio.mono().resample(rate).samples[0] for audio in (reference, decoded))
    length = int(min(len(x), len(y), measure.longest * rate))
    return x[:length], y[:length], rate
