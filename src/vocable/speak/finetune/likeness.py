"""How like a voice speech is: the cosine of embeddings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from vocable.audio import Audio
from vocable.measures.checks import is_silent
from vocable.measures.speakers import Embed, check_embedding


class Likeness:
    """The mean cosine of sound to the mean embedding of recordings, -1 to 1.

    Silence is like nobody: it counts as 0.
    """

    def __init__(self, embed: Embed, recordings: Iterable[Audio]) -> None:
        self._embed = embed
        self._voice = sum(map(self._vector, recordings))
        self._length = max(float(np.linalg.norm(self._voice)), 1e-12)

    def __call__(self, spoken: Iterable[Audio]) -> float:
        """Return the mean over what was spoken, one sound or more."""
        cosines = [np.sum(self._vector(each) * self._voice) / self._length for each in spoken]
        return float(np.mean(cosines))

    def _vector(self, audio: Audio) -> Any:
        """Return an embedding of length 1; 0 of silence."""
        samples = audio.samples.mean(axis=0)
        if is_silent(samples):
            return 0.0
        vector = check_embedding(self._embed(samples, audio.rate))
        return vector / np.linalg.norm(vector)
