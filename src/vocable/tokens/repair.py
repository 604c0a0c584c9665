"""Read ids that a language model wrote, although some are missing or do not belong there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import TokenError
from .checks import integers
from .layouts.recover import Recovered
from .layouts.whole_frames import whole_frames
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
    of_row = layout.levels_of_rows(spec, levels)
    if len(given) != len(of_row):
        raise TokenError(f"ids of {layout.name} must have {len(of_row)} rows, got {len(given)}")
    sizes = np.array([spec.levels[level].size for level in of_row])[:, None]
    codes = given - np.array(vocabulary.offsets)[of_row][:, None]
    grid = np.where((codes >= 0) & (codes < sizes), codes, EMPTY)
    return layout.recover(grid[None], spec, levels, frames=frames, sides=sides)


def _one_row(
    vocabulary: VocabularyLike, ids: np.ndarray, levels: int, sides: Mapping[str, Any] | None
) -> Recovered:
    slots = _slots(vocabulary, ids)
    own = slots != EMPTY
    codes = ids[own] - np.array(vocabulary.offsets)[slots[own]]
    cycle = range(len(vocabulary.slots)) if vocabulary.by == "slot" else None
    found = whole_frames(
        vocabulary.layout, vocabulary.spec, levels, codes, slots[own], cycle, sides
    )
    return replace(found, dropped=found.dropped + int((~own).sum()))


def _slots(vocabulary: VocabularyLike, ids: np.ndarray) -> np.ndarray:
    """Return the slot whose range holds each id, EMPTY for none."""
    found = np.full(ids.shape, EMPTY)
    for slot, (offset, level) in enumerate(zip(vocabulary.offsets, vocabulary.slots, strict=True)):
        found[(ids >= offset) & (ids < offset + vocabulary.spec.levels[level].size)] = slot
    return found
