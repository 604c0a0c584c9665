"""Read ids that a language model wrote, although some are missing or do not belong there."""

from __future__ import annotations

from collections.abc import Mapping
from math import lcm
from typing import Any

import numpy as np

from ..errors import TokenError
from .checks import integers
from .layouts.recover import Recovered
from .layouts.resynchronise import resynchronise
from .positions import EMPTY
from .vocabulary_card import VocabularyLike


def repair(
    vocabulary: VocabularyLike,
    ids: Any,
    *,
    frames: int | None = None,
    sides: Mapping[str, Any] | None = None,
) -> Recovered:
    """Return the whole frames that ids hold, and how many were lost; nothing is guessed.

    What an id is, is told by its range alone, never by its place in the row: an id too few or too
    many costs the frame that it breaks, and not those after it. Ids of text and specials are
    dropped, so cut the ids at the end first; a code of 0 is a code.

    ids         one stream: `[steps]` of a layout of one row, `[rows, steps]` of others
    frames      how many were to come, for `coarse_first`

    TokenError for `level_major`, whose parts cannot be matched once a token is missing. Ids that
    are whole give what `vocabulary.from_ids` gives.
    """
    layout, spec, levels = vocabulary.layout, vocabulary.spec, max(vocabulary.slots) + 1
    given = integers("ids", ids).astype(np.int64)
    if layout.name == "level_major":
        raise TokenError(
            "ids of level_major cannot be repaired: a missing token shifts one group of levels "
            "against the others"
        )
    if given.ndim == 3 - layout.one_row and len(given) == 1:
        given = given[0]
    if given.ndim != 2 - layout.one_row:
        raise TokenError(f"repair takes ids of one stream, got shape {list(given.shape)}")
    if layout.one_row:
        return _one_row(vocabulary, given, levels, sides)
    cycle = lcm(*(level.stride for level in spec.levels[:levels]))
    of_row = layout.positions(spec, cycle * (1 + levels), levels).level.max(axis=1)
    if len(given) != len(of_row):
        raise TokenError(f"ids of {layout.name} must have {len(of_row)} rows, got {len(given)}")
    sizes = np.array([spec.levels[level].size for level in of_row])[:, None]
    codes = given - np.array(vocabulary.offsets)[of_row][:, None]
    grid = np.where((codes >= 0) & (codes < sizes), codes, EMPTY)
    return layout.recover(grid[None], spec, levels, frames=frames, sides=sides)


def _one_row(
    vocabulary: VocabularyLike, ids: np.ndarray, levels: int, sides: Mapping[str, Any] | None
) -> Recovered:
    spec, layout = vocabulary.spec, vocabulary.layout
    slots = _slots(vocabulary, ids)
    ids, slots, foreign = ids[slots != EMPTY], slots[slots != EMPTY], int((slots == EMPTY).sum())
    frames = lcm(*(level.stride for level in spec.levels[:levels]))
    cycle = layout.positions(spec, frames, levels).level[0]
    cycle = np.arange(len(cycle)) if vocabulary.by == "slot" else cycle
    found = resynchronise(slots, cycle.tolist())
    kept = (found.starts[:, None] + np.arange(len(cycle))).reshape(-1)
    kept = np.concatenate([kept, np.arange(found.tail, len(ids))])
    codes = ids[kept] - np.array(vocabulary.offsets)[slots[kept]]
    whole = layout.recover(codes[None, None], spec, levels, sides=sides)
    gaps = {number * frames for number, broken in enumerate(found.broken) if broken}
    return Recovered(
        whole.tokens,
        whole.lost + frames * sum(found.broken),
        tuple(sorted(gaps | set(whole.gaps))),
        whole.dropped + foreign + len(ids) - len(kept),
    )


def _slots(vocabulary: VocabularyLike, ids: np.ndarray) -> np.ndarray:
    """Return the slot whose range holds each id, EMPTY for none."""
    found = np.full(ids.shape, EMPTY)
    for slot, (offset, level) in enumerate(zip(vocabulary.offsets, vocabulary.slots, strict=True)):
        found[(ids >= offset) & (ids < offset + vocabulary.spec.levels[level].size)] = slot
    return found
