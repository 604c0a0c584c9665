"""What is wrong with a run that trains a model of tokens."""

from __future__ import annotations

import math
from collections.abc import Mapping

from vocable.train.task import Problem

LEAK = 0.3  # of what 2-grams need: held-out speech is never foretold so well
CHANCE = 0.995  # of the bits of a level's size
PATIENCE = 1000  # steps that a level may stay at chance


def problems(
    bits: Mapping[str, float], ngrams: Mapping[str, float], sizes: Mapping[str, int]
) -> list[Problem]:
    """Return what the last evaluation says; bits, ngrams: of each level, `frame` among them.

    A level is at chance where its bits are those of its size, and n-grams know better.
    """
    found = []
    if bits["frame"] < LEAK * ngrams["frame"]:
        found.append(
            Problem(
                "leak",
                f"held-out tokens take {bits['frame']:.2f} bits a frame, where n-grams need "
                f"{ngrams['frame']:.2f}: the model sees what it foretells, or was trained on them; "
                "look for one recording in both splits",
            )
        )
    at_chance = [
        name
        for name, size in sizes.items()
        if bits[name] > CHANCE * math.log2(size) > 0 and ngrams[name] < CHANCE * math.log2(size)
    ]
    if at_chance:
        found.append(
            Problem(
                "chance",
                f"{', '.join(at_chance)} at chance, which n-grams are not; look at the ids of the "
                "data, or raise optimizer.lr",
                PATIENCE,
            )
        )
    return found
