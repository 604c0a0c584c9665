"""Part a recording of any length by a network that wants all of it, in windows that overlap.

Such a network gives speakers in an order that may differ from window to window. What two windows
say of the stretch that both have tells which part goes on which: the order of the largest
correlation. Within that stretch one fades into the other. Where nobody speaks in it, nothing tells,
and the order stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.separation.si_sdr import best_order, in_order

Parts = Float[Tensor, "speakers samples"]
WINDOW, OVERLAP = 16.0, 4.0  # seconds


def parted_in_windows(
    part: Callable[[Tensor], Parts], blocks: Iterable[Tensor], window: int, overlap: int
) -> Iterator[Parts]:
    """Yield the parts of a recording whose samples come in blocks `[samples]`.

    window, overlap: samples. The last window takes all that is left, less than two windows; so a
    short recording is parted whole.
    """
    hop = window - overlap
    held, before = torch.zeros(0, dtype=torch.float32, device="cpu"), None
    for block in blocks:
        held = torch.cat((held, block))
        while len(held) >= window + hop:
            parts = _going_on(before, part(held[:window]))
            yield parts[:, :hop]
            before, held = parts[:, hop:], held[hop:]
    if len(held):
        yield _going_on(before, part(held))


def _going_on(before: Parts | None, parts: Parts) -> Parts:
    """Return the parts in the order of those before, and faded in from them."""
    if before is None:
        return parts
    overlap = before.shape[1]
    order = best_order((parts[:, :overlap] @ before.T)[None])
    parts = in_order(parts[None], order)[0].clone()
    ramp = torch.linspace(0, 1, overlap, dtype=torch.float32, device="cpu")
    parts[:, :overlap] = torch.lerp(before, parts[:, :overlap], ramp)
    return parts
