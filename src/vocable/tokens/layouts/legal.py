"""Say what may stand at the positions of a sequence while it is being written.

A sampler asks for the steps that it is about to fill and turns the answer into a mask of ids; it
needs to know nothing of layouts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from ...errors import TokenError
from .levels import Levels
from .order import Order


@dataclass(frozen=True, eq=False)
class Legal:
    """What may stand at each position.

    kinds       at each position, which kinds of token may stand there: for a layout of one
                recording its levels, for tokens of several kinds those that they name
    end         whether the end may stand there, in place of a token or behind the last

    Where neither may, nothing is to be chosen: the model is given what fills empty positions.
    """

    kinds: Bool[np.ndarray, "rows steps kinds"]
    end: Bool[np.ndarray, "rows steps"]

    def mask(
        self,
        ids: Sequence[range],
        size: int,
        *,
        end: int | None = None,
        empty: int | None = None,
    ) -> Bool[np.ndarray, "steps rows size"]:
        """Return which ids below `size` may be chosen, step by step.

        ids     the ids of each kind
        end     the id of the end; without it the end is never legal
        empty   the id that fills positions without a token; without it nothing is legal there
        """
        if len(ids) != self.kinds.shape[2]:
            raise TokenError(f"ids must be {self.kinds.shape[2]} ranges, got {len(ids)}")
        highest = max([each.stop - 1 for each in ids] + [each or 0 for each in (end, empty)])
        if highest >= size:
            raise TokenError(f"id {highest} is not below the {size} that a mask is to have")
        mask = np.zeros((*self.end.shape, size), bool)
        for kind, numbers in enumerate(ids):
            mask[self.kinds[:, :, kind], numbers.start : numbers.stop] = True
        if empty is not None:
            mask[..., empty] |= np.all(~self.kinds, axis=2)
        if end is not None:
            mask[..., end] |= self.end
        return np.asarray(mask.transpose(1, 0, 2))

    def by_slot(self, steps: range, slots: int) -> Legal:
        """Return the same with the slots of a cycle as kinds, for a layout of one row.

        `steps` are those that were asked for.
        """
        places = np.arange(steps.start, steps.stop) % slots
        chosen = np.eye(slots, dtype=bool)[places][None] & self.kinds.any(axis=2, keepdims=True)
        return Legal(chosen, self.end)


def legal_steps(order: Order, levels: Levels, steps: range, *, is_open: bool) -> Legal:
    """Say what may stand at these steps: of so many frames, or of a length that is still open."""
    if steps.start < 0 or steps.step != 1:
        raise TokenError(f"steps must be a range from 0 or more, one after the other, got {steps}")
    if is_open:
        return _open(order, levels, steps)
    shape = (order.rows(levels), len(steps))
    found = Legal(np.zeros((*shape, len(levels.strides)), bool), np.zeros(shape, bool))
    for kind, at in enumerate(order.places(levels)):
        here = (at.steps >= steps.start) & (at.steps < steps.stop)
        found.kinds[at.rows[here], at.steps[here] - steps.start, kind] = True
    for row, end in enumerate(order.ends(levels)):
        if end in steps:
            found.end[row, end - steps.start] = True
    return found


def _open(order: Order, levels: Levels, steps: range) -> Legal:
    """After the delays of the beginning an open sequence repeats with each cycle of frames.

    Level 0 decides on the end: it may stand where a cycle would begin.
    """
    first = levels.first(order.opening(levels))
    cycle = first.cycle
    period = order.steps(first.long(2 * cycle)) - order.steps(first.long(cycle))
    lead = order.steps(first.long(cycle)) - period
    enough = first.long(cycle * (lead // period + 2))
    shape = (order.rows(levels), lead + period)
    kinds, end = np.zeros((*shape, len(levels.strides)), bool), np.zeros(shape, bool)
    places = order.places(enough)
    for kind, at in enumerate(places):
        here = at.steps < lead + period
        kinds[at.rows[here], at.steps[here], kind] = True
    start = int(places[0].steps[0])
    end[places[0].rows[0], start::period] = True
    wanted = np.arange(steps.start, steps.stop)
    wanted = np.where(wanted < lead, wanted, lead + (wanted - lead) % period)
    return Legal(kinds[:, wanted], end[:, wanted])
