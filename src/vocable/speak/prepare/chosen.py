"""Choose the voice of a set: the one that speaks longest in all recordings together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from vocable.atomic import replacing
from vocable.speak.prepare.analysis import Analysis, Snippet
from vocable.speak.prepare.voices import NOBODY, group, mean_of


@dataclass(frozen=True, eq=False)
class Chosen:
    """Which voices of the recordings are the same person.

    people    of each recording, the person of each of its voices: 0 is the one that the set is of
    centre    [dim] the embedding of that one; empty where voices are not told apart
    """

    people: tuple[tuple[int, ...], ...]
    centre: Float[np.ndarray, " dim"]

    def person(self, recording: int, snippet: Snippet) -> int:
        """Return who speaks in a snippet; NOBODY for two, or somebody unlike all."""
        if not self.centre.size:
            return 0
        return NOBODY if snippet.voice == NOBODY else self.people[recording][snippet.voice]

    def likeness(self, snippet: Snippet) -> float | None:
        """Return the cosine of a snippet to the voice of the set."""
        if not self.centre.size or not snippet.vector:
            return None
        return round(float(np.dot(self.centre, snippet.vector)), 3)

    def save(self, path: Path) -> None:
        """Keep the voice, for recordings that are added to the set later."""
        with replacing(path, overwrite=True) as fresh:
            fresh.write_text(json.dumps([round(x, 6) for x in self.centre.tolist()]), "utf-8")


def read_voice(path: Path) -> Float[np.ndarray, " dim"]:
    """Return the voice that was kept, [dim]; empty if none was."""
    try:
        return np.array(json.loads(path.read_text("utf-8")), np.float64)
    except (OSError, ValueError):
        return np.zeros(0)


def choose(found: Sequence[Analysis], likeness: float, known: Float[np.ndarray, " dim"]) -> Chosen:
    """Return who is who. known: the voice of the set if it has one already, else empty."""
    centres = [np.array(centre) for each in found for centre in each.centres]
    if not centres:
        return Chosen(tuple(() for _ in found), known)
    spent = [seconds for each in found for seconds in each.spent]
    if known.size:
        centres, spent = [*centres, known], [*spent, 1e9]  # outweighs all that is new
    vectors, weights = np.array(centres), np.maximum(spent, 1e-3)
    people = group(vectors, weights, likeness).tolist()
    own = np.array(people) == 0
    centre = known if known.size else mean_of(vectors[own], weights[own])
    return Chosen(tuple(_take(people, len(each.centres)) for each in found), centre)


def _take(people: list[int], count: int) -> tuple[int, ...]:
    taken = tuple(people[:count])
    del people[:count]
    return taken
