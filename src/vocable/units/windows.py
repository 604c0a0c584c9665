"""Go through a long recording in overlapping windows, in memory that does not grow with it.

    |-context-|------ kept ------|-context-|
                       |-context-|------ kept ------|-context-|

What is made of each frame alone, and of sums over the whole, is exact. Attention, and what else
sees all frames, sees those of its window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.units.encoder import EncoderModel


@dataclass(frozen=True)
class Window:
    """Frames that are seen at once, and how many of them on either side are not kept."""

    frames: int
    context: int

    @staticmethod
    def of_seconds(model: EncoderModel, window: float, context: float) -> Window:
        """Return a window of so many seconds; ModelError where context leaves nothing of it."""
        if not (context >= 0 and window > 2 * context):
            raise ModelError(
                f"window is {window:g} s with {context:g} s of context on either side, which "
                "leaves nothing; give more than twice the context"
            )
        each = model.rate / model.hop
        frames = Window(max(1, round(window * each)), round(context * each))
        if frames.frames <= 2 * frames.context:
            raise ModelError(f"window is {window:g} s, less than a frame; give a second or more")
        return frames


def windows(
    model: EncoderModel, x: Float[Tensor, " time"], layer: int, final_norm: bool, cut: Window
) -> Iterator[Float[Tensor, "frames channels"]]:
    """Yield a layer's frames of a recording, window by window."""
    whole, total = model.look(x), model.frames(len(x))
    fresh = cut.frames - 2 * cut.context
    for start in range(0, total, fresh):
        stop = min(start + fresh, total)
        first, last = max(0, start - cut.context), min(total, stop + cut.context)
        part = x[first * model.hop : (last - 1) * model.hop + model.window]
        rows = model.front(part, whole)
        rows = model.body(rows, [rows.shape[1]], layer, final_norm)[0]
        yield rows[start - first : stop - first]
