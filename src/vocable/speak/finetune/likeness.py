"""How like a voice speech is: the cosine of embeddings, by what any machine has or by a plug-in."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.load import load
from vocable.measures.checks import is_silent
from vocable.measures.speakers import EMBEDDINGS, Embed, check_embedding, load_embedding
from vocable.nearest import nearest

OWN = "say-16k"  # whose voices tell speakers apart too, and need no package


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


def find_embedding(name: str) -> Embed:
    """Return an embedding by its name: `OWN`, or one of `measures.EMBEDDINGS`.

    MeasureError with the nearest name for an unknown one, and where its package is missing.
    """
    if name == OWN:
        return _own()
    if name not in EMBEDDINGS:
        raise MeasureError(
            f'held_out.speakers is "{name}"; {nearest(name, [OWN, *EMBEDDINGS])}; "" for none'
        )
    return load_embedding(name)


@cache
def _own() -> Embed:
    """Return the voice [64] that say-16k hears in sound."""
    model = load(OWN, device="cpu")

    def embed(samples: Any, rate: int) -> Any:
        tokens = model.codec.encode(Audio(samples, rate))
        return model.voice([tokens]).numpy()

    return embed
