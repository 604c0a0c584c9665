"""Say whether sound still has the voice that it had: embeddings of speakers, and trials of them.

An embedding is anything that takes samples and their rate and returns a vector that is alike for
one speaker. Similarities of different embeddings cannot be compared; say which one it was, and how
often it takes one speaker for another (`equal_error_rate`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Float64, Shaped

from vocable.arrays import to_numpy
from vocable.audio import resample
from vocable.errors import MeasureError
from vocable.measures.checks import Signal, check_rate, check_signal, import_package, is_silent
from vocable.nearest import nearest

Embed: TypeAlias = Callable[[Any, int], Any]
"""`embed(samples, rate)`: a vector [dim] of one channel of floats [samples] at `rate` Hz."""

RATE = 16000  # Hz that Resemblyzer reads


@dataclass(frozen=True)
class EqualError:
    """The share of trials that are wrong where both kinds of mistakes are as many, 0 to 1.

    threshold    the score from which two recordings are taken for one speaker there
    """

    rate: float
    threshold: float


def similarity(a: Any, b: Any) -> float:
    """Return the cosine of two embeddings [dim], -1 to 1; MeasureError for a vector of 0 or NaN."""
    x, y = check_embedding(a), check_embedding(b)
    if x.shape != y.shape:
        raise MeasureError(f"embeddings must have one width, got {x.size} and {y.size}")
    return float(np.clip(x @ y / np.sqrt((x @ x) * (y @ y)), -1, 1))


def equal_error_rate(same: Float[np.ndarray, "_"], different: Float[np.ndarray, "_"]) -> EqualError:
    """Return the equal error rate of scores of trials of one speaker and of two.

    At a threshold t the share of `different` at t or more is accepted falsely, that of `same`
    below t rejected falsely. Where the two cross between thresholds, both are taken as straight
    lines. 0.5 is chance. Raises MeasureError without trials of both kinds.
    """
    if not same.size or not different.size or not np.isfinite([*same, *different]).all():
        raise MeasureError(
            f"an equal error rate needs finite scores of both kinds of trials, got {same.size} of "
            f"one speaker and {different.size} of two"
        )
    scores = np.concatenate([same, different]).astype(np.float64)
    is_same = np.arange(scores.size) < same.size
    return crossing(scores, is_same, np.ones(scores.size))


def crossing(
    scores: Float64[np.ndarray, "trials"],
    is_same: Bool[np.ndarray, "trials"],
    weights: Float64[np.ndarray, "trials"],
) -> EqualError:
    """Return the equal error rate of weighted trials; some weight of both kinds is needed."""
    order = np.argsort(scores, kind="stable")
    scores, is_same, weights = scores[order], is_same[order], weights[order]
    first = np.flatnonzero(np.r_[True, scores[1:] != scores[:-1]])  # of each threshold
    below = [np.r_[0.0, np.cumsum(weights * kind)] for kind in (is_same, ~is_same)]
    places = np.r_[first, scores.size]
    rejected = below[0][places] / below[0][-1]
    accepted = (below[1][-1] - below[1][places]) / below[1][-1]
    gap = rejected - accepted  # rises from -1 to 1
    k = int(np.argmax(gap >= 0))
    share = 0.0 if gap[k] == gap[k - 1] else -gap[k - 1] / (gap[k] - gap[k - 1])
    rate = rejected[k - 1] + share * (rejected[k] - rejected[k - 1])
    return EqualError(float(rate), float(scores[min(places[k], scores.size - 1)]))


class Resemblyzer:
    """Embeddings [256] by the package Resemblyzer, which carries its weights.

    Its own preparation comes first: it makes quiet sound louder and shortens pauses. Wan et al.
    2018, "Generalized end-to-end loss for speaker verification" (arXiv 1710.10467).
    `pip install "vocable[speaker]"` builds webrtcvad, which needs a C compiler; without one,
    `pip install webrtcvad-wheels librosa` and `pip install --no-deps Resemblyzer`.
    """

    def __init__(self) -> None:
        self._package = import_package("resemblyzer", "this embedding", "vocable[speaker]")
        self._encoder = self._package.VoiceEncoder("cpu", verbose=False)

    def __call__(self, samples: Signal, rate: int) -> Shaped[np.ndarray, "_"]:
        """Return the embedding, of length 1; MeasureError for silence, in which nobody speaks.

        The package gives silence a vector like any other.
        """
        checked = check_signal(samples)
        if is_silent(checked):
            raise MeasureError("sound is silent (mean power below -100 dB of full scale)")
        rows = checked.astype(np.float32)[None]
        ready = resample(rows, check_rate("an embedding", rate), RATE)[0]
        prepared = self._package.preprocess_wav(ready)
        found = self._encoder.embed_utterance(prepared if prepared.size else ready)
        return np.asarray(found)


EMBEDDINGS: dict[str, Callable[[], Embed]] = {"resemblyzer": Resemblyzer}


@cache
def load_embedding(name: str) -> Embed:
    """Return an embedding by its name in `EMBEDDINGS`, loaded once.

    MeasureError with the nearest name for an unknown one, and where its package is missing.
    """
    if name not in EMBEDDINGS:
        raise MeasureError(f'no embedding named "{name}"; {nearest(name, EMBEDDINGS)}')
    return EMBEDDINGS[name]()


def check_embedding(vector: Any) -> Float64[np.ndarray, "_"]:
    """Return an embedding as float64 [dim]; MeasureError for others than finite ones, not all 0."""
    try:
        found = to_numpy(vector).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise MeasureError(f"an embedding is not an array of numbers: {error}") from error
    if found.ndim != 1 or not np.isfinite(found).all() or not found.any():
        raise MeasureError(
            f"an embedding must be finite numbers [dim], not all 0, got shape {found.shape}"
        )
    return found
