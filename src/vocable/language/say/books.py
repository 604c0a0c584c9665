"""Tokens of a codec as vectors, at the places that its codebooks give them.

Neighbours there sound alike. A model that reads and predicts tokens as such vectors has not to
learn from little speech what the codec has learnt from much.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.language.say.config import SayConfig


class Books(nn.Module):
    """The entries of all levels at zero mean and unit variance, residual ones by the first's.

    They are the codec's, and in no file of this model: `set` puts them in.
    """

    def __init__(self, config: SayConfig) -> None:
        super().__init__()
        self.config = config
        for level, shape in enumerate(zip(config.sizes, config.widths, strict=True)):
            self.register_buffer(f"entries{level}", torch.zeros(shape), persistent=False)

    @torch.no_grad()
    def set(self, entries: Sequence[Tensor]) -> None:
        """Take the entries of the codec's codebooks, `[size, width]` each."""
        shapes = list(zip(self.config.sizes, self.config.widths, strict=True))
        if [tuple(each.shape) for each in entries] != shapes:
            raise ModelError(
                f"the codec has codebooks of {[tuple(each.shape) for each in entries]}, the model "
                f"speaks by {shapes}; take the codec that it was trained on"
            )
        contours = self.config.contours
        for level, each in enumerate(entries):
            kept = self.entries(level)
            if level < contours:
                centred = each.float() - each.float().mean(0)
                kept.copy_(centred / each.float().std(0).clamp(min=1e-3))
            else:
                kept.copy_(each.float() / entries[contours].float().std(0).mean())

    def entries(self, level: int) -> Float[Tensor, "size width"]:
        """Return the scaled entries of a level."""
        found: Tensor = getattr(self, f"entries{level}")
        return found

    def known(self, codes: Int64[Tensor, "*rows levels"]) -> list[Float[Tensor, "*rows axes"]]:
        """Return what is known before each level, and behind the last: a vector of all axes.

        A contour fills its own axes, residual levels add up in theirs; the rest is 0.
        """
        levels, contours = codes.shape[-1], self.config.contours
        values = [F.embedding(codes[..., k], self.entries(k)) for k in range(levels)]
        empty = [
            values[0].new_zeros(*codes.shape[:-1], width)
            for width in (*self.config.widths[:contours], self.config.widths[-1])
        ]
        found, parts = [torch.cat(empty, -1)], empty
        for level, value in enumerate(values):
            place = min(level, contours)
            parts = [*parts]
            parts[place] = value if level < contours else parts[place] + value
            found.append(torch.cat(parts, -1))
        return found

    def placed(self, level: int) -> Float[Tensor, "size axes"]:
        """Return what each entry of a level adds to what is known: one step of `known`."""
        widths = self.config.widths
        begin = sum(widths[: min(level, self.config.contours)])
        return F.pad(self.entries(level), (begin, self.config.row - begin - widths[level]))
