"""How long symbols last: spread over time, and chosen from what a model expects."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor


def real_rows(counts: Int64[Tensor, " batch"], total: int) -> Bool[Tensor, "batch total"]:
    """Say which rows of each item are real, of so many: the first `counts` ones."""
    return torch.arange(total, device=counts.device) < counts[:, None]


def spread(
    durations: Int64[Tensor, "batch symbols"], total: int
) -> tuple[Int64[Tensor, "batch total"], Float[Tensor, "batch total 3"]]:
    """Return the symbol of each hop, and where in it the hop lies.

    That is: the share of the symbol that lies behind, and the hops before and after in it, up to
    20, as shares of 20. Hops behind the last symbol belong to it.
    """
    ends = durations.cumsum(1)
    places = torch.arange(total, device=durations.device).expand(len(durations), -1).contiguous()
    index = torch.searchsorted(ends, places, right=True).clamp(max=durations.shape[1] - 1)
    end, length = ends.gather(1, index), durations.gather(1, index)
    before, after = places - (end - length), end - places - 1
    share = (before + 0.5) / length.clamp(min=1)
    found = torch.stack([share, before.clamp(0, 20) / 20, after.clamp(0, 20) / 20], -1)
    return index, found


def median(logits: Float[Tensor, "*rows classes"]) -> Int64[Tensor, "*rows"]:
    """Return the length that half of the probability reaches: it errs least, in hops."""
    return (logits.double().softmax(-1).cumsum(-1) < 0.5).sum(-1)


def whole_frames(durations: Int64[Tensor, " symbols"], frame: int) -> Int64[Tensor, " symbols"]:
    """Lengthen the last symbol until all fill whole frames."""
    longer = durations.clone()
    longer[-1] += -int(durations.sum()) % frame
    return longer
