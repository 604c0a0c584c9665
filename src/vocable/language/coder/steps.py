"""Walk through scores step by step, asking at each code what it is: the one path of both ways.

Encoding and decoding must compute the same to the last bit. So both run this, on one thread, with
as many streams in the batch and as many positions in the cache, whatever they code: kernels round
by the shape of what they get. What the other streams of the batch hold does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from vocable.language.cache import Cache
from vocable.language.coder.foretells import Foretells
from vocable.language.lessons import GIVEN, NOTHING, Lesson
from vocable.nn.settings import plain_settings

Choose: TypeAlias = Callable[
    [Int64[np.ndarray, " some"], int, Float32[np.ndarray, "some size"]], Int64[np.ndarray, " some"]
]
"""The codes of some streams, by their numbers in the batch, of a level, from their logits."""


@torch.inference_mode()
def walk(
    network: Foretells,
    scores: Sequence[Lesson | None],
    positions: int,
    choose: Choose,
) -> list[Int64[np.ndarray, "time rows"]]:
    """Return the ids of each score, its codes those that were chosen.

    scores: one for each stream of the batch, whose codes are not looked at; None: it has none.
    positions: of the cache.
    """
    ids, levels = _joined(network, scores)
    weight = next(network.parameters())  # type: ignore[attr-defined]
    cache = Cache(network.trunk.config, len(scores), context=positions, device=weight.device)
    scratch = network.make_scratch(len(scores), weight.dtype, weight.device)
    for step in range(1, ids.shape[1]):

        def draw(row: int, logits: Tensor, at: np.ndarray = levels[:, step]) -> Tensor:
            found = np.full(len(at), NOTHING)
            for level in np.unique(at[:, row][at[:, row] != GIVEN]).tolist():
                some, codes = np.flatnonzero(at[:, row] == level), network.ids_of(level)
                found[some] = choose(some, level, logits.numpy()[some, codes]) + codes.start
            return torch.from_numpy(found)

        before = torch.from_numpy(ids[:, step - 1 : step])
        hidden = network.trunk.step(network.embed(before), cache)[:, -1]
        drawn = network.predict(hidden, draw, scratch).numpy()
        ids[:, step] = np.where(levels[:, step] == GIVEN, ids[:, step], drawn)
    ends = [0 if score is None else len(score) for score in scores]
    return [each[:end] for each, end in zip(ids, ends, strict=True)]


def is_code(network: Foretells, score: Lesson) -> np.ndarray:
    """Return where a score has codes of the model's levels; the first step foretells nothing."""
    found: np.ndarray = (score.levels != GIVEN) & (score.levels < network.asked.last)
    found[:1] = False
    return found


def _joined(
    network: Foretells, scores: Sequence[Lesson | None]
) -> tuple[Int64[np.ndarray, "streams time rows"], Int64[np.ndarray, "streams time rows"]]:
    """Return the ids that are given, and the level of each code that is asked for."""
    longest = max(len(score) for score in scores if score is not None)
    rows = next(score.ids.shape[1] for score in scores if score is not None)
    ids = np.full((len(scores), longest, rows), NOTHING)
    levels = np.full_like(ids, GIVEN)
    for stream, score in enumerate(scores):
        if score is not None:
            asked = is_code(network, score)
            ids[stream, : len(score)] = np.where(asked, NOTHING, score.ids)
            levels[stream, : len(score)] = np.where(asked, score.levels, GIVEN)
    return ids, levels


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread, under torch's own settings: sums are in one order then."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with plain_settings():
            yield
    finally:
        torch.set_num_threads(before)
