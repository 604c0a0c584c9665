"""Read the whole frames of a row of codes of which some are missing or too many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from ..spec import TokenSpec
from .layout import Layout
from .levels import Levels
from .recover import Recovered
from .resynchronise import resynchronise


def whole_frames(
    layout: Layout,
    spec: TokenSpec,
    levels: int,
    codes: Int[np.ndarray, " tokens"],
    labels: Int[np.ndarray, " tokens"],
    cycle: Sequence[int] | None = None,
    sides: Mapping[str, Any] | None = None,
) -> Recovered:
    """Return the whole frames of codes in a layout of one row that repeats with each cycle.

    labels      what tells where in the cycle a code belongs: its level, or its slot
    cycle       the labels of one cycle, if they are not the levels
    """
    frames = Levels.of(spec, 0, levels).cycle
    order = layout.positions(spec, frames, levels).level[0].tolist() if cycle is None else cycle
    found = resynchronise(labels, order)
    kept = (found.starts[:, None] + np.arange(len(order))).reshape(-1)
    kept = np.concatenate([kept, np.arange(found.tail, len(codes))])
    whole = layout.recover(codes[kept][None, None], spec, levels, sides=sides)
    gaps = {number * frames for number, broken in enumerate(found.broken) if broken}
    return Recovered(
        whole.tokens,
        whole.lost + frames * sum(found.broken),
        tuple(sorted(gaps | set(whole.gaps))),
        whole.dropped + len(codes) - len(kept),
    )
