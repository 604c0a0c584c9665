"""Say which ids of a vocabulary may be written at a step."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from .vocabulary_card import VocabularyLike


def legal_ids(
    vocabulary: VocabularyLike, steps: range, *, frames: int | None = None
) -> Bool[np.ndarray, "steps rows size"]:
    """Return which ids may stand at these steps: codes of the right level, the end, the pad.

    The end is the special "eos", or "speech_end" in Orpheus' vocabulary; where there is neither it
    is never legal. "pad" alone is legal where the layout has no token. `frames` as in
    `Layout.legal`: None while the length is open.
    """
    levels = max(vocabulary.slots) + 1
    legal = vocabulary.layout.legal(vocabulary.spec, steps, levels, frames=frames)
    specials = vocabulary.specials
    end, empty = specials.get("eos", specials.get("speech_end")), specials.get("pad")
    sizes = [vocabulary.spec.levels[level].size for level in vocabulary.slots]
    blocks = [
        range(first, first + size) for first, size in zip(vocabulary.offsets, sizes, strict=True)
    ]
    if vocabulary.by == "level":
        return legal.mask(blocks, vocabulary.size, end=end, empty=empty)
    return legal.by_slot(steps, len(blocks)).mask(blocks, vocabulary.size, end=end, empty=empty)
