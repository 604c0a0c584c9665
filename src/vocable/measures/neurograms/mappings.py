"""Map the similarity of neurograms to what listeners would say, as ViSQOL 3 was fitted to them."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import numpy as np
from jaxtyping import Float64

from vocable.measures.neurograms.features import Features

LOWEST, HIGHEST = 1.0, 5.0  # MOS
MODELS = files("vocable.measures.neurograms") / "models"


def exponential(features: Features) -> float:
    """Return the score of speech such that equal recordings have 5."""
    return _clipped(_fitted(features) * float(np.float32(1.245063)))


def unscaled_exponential(features: Features) -> float:
    """Return the score of speech as it was fitted: 4.02 for equal recordings."""
    return _clipped(_fitted(features))


def support_vectors(features: Features) -> float:
    """Return the score of audio, by a regression on the similarities of 32 bands."""
    vectors, weights, gamma, offset = _regression()
    distances = np.square(vectors - features.means).sum(axis=1)
    return _clipped(float(weights @ np.exp(-gamma * distances)) - offset)


def _fitted(features: Features) -> float:
    return -262.847869 + float(np.exp(0.0154302525 * (features.mean + 361.063949)))


def _clipped(score: float) -> float:
    return min(max(score, LOWEST), HIGHEST)


@lru_cache(maxsize=1)
def _regression() -> tuple[
    Float64[np.ndarray, "vectors bands"], Float64[np.ndarray, " vectors"], float, float
]:
    """Return support vectors, their weights, gamma and rho from libsvm's text file."""
    text = (MODELS / "libsvm_nu_svr_model.txt").read_text(encoding="ascii")
    head, _, body = text.partition("SV\n")
    facts = dict(line.split(maxsplit=1) for line in head.splitlines())
    rows = [line.replace(":", " ").split() for line in body.splitlines()]
    table = np.array([[row[0], *row[2::2]] for row in rows], dtype=np.float64)
    return table[:, 1:], table[:, 0], float(facts["gamma"]), float(facts["rho"])
