"""What is done to logits before an id is drawn, for rows `[streams, ids]` at once.

Nothing here depends on the order of ids whose logits are equal: bf16 has many, and a stream must
not notice its neighbours. Ids that are as likely as the last one kept are kept.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

EMPTY = -1  # in what was drawn: nothing yet


def guided(
    logits: Float[Tensor, "streams ids"],
    without: Float[Tensor, "streams ids"],
    scale: Float[Tensor, "streams 1"],
) -> Float[Tensor, "streams ids"]:
    """Go on from logits without the condition to those with it, and past them (Ho, Salimans 2022).

    Where the scale is 1, logits stay as they are to the last bit.
    """
    return torch.where(scale == 1, logits, without + scale * (logits - without))


def penalised(
    logits: Float[Tensor, "streams ids"],
    recent: Int[Tensor, "streams window"],
    factor: Float[Tensor, "streams 1"],
) -> Float[Tensor, "streams ids"]:
    """Make recent ids less likely: positive logits are divided, negative ones multiplied."""
    seen = among(recent, logits.shape[1])
    return torch.where(seen, torch.where(logits > 0, logits / factor, logits * factor), logits)


def among(recent: Int[Tensor, "streams window"], ids: int) -> Bool[Tensor, "streams ids"]:
    """Say of each id whether it is a recent one."""
    seen = recent.new_zeros((len(recent), ids + 1), dtype=torch.bool)
    return seen.scatter_(1, recent.where(recent != EMPTY, ids), True)[:, :ids]


def top_k(
    logits: Float[Tensor, "streams ids"], k: Int[Tensor, "streams 1"], most: int
) -> Float[Tensor, "streams ids"]:
    """Keep the k likeliest ids; `most` is the largest k, and 0 keeps all."""
    best = logits.topk(min(most, logits.shape[1])).values
    least = best.gather(1, (k - 1).clamp(0, best.shape[1] - 1))
    return logits.masked_fill((logits < least) & (k > 0), -torch.inf)


def top_p(
    logits: Float[Tensor, "streams ids"], p: Float[Tensor, "streams 1"]
) -> Float[Tensor, "streams ids"]:
    """Keep the fewest of the likeliest ids whose probability is at least p together."""
    best = logits.sort(-1, descending=True).values
    shares = best.softmax(-1)
    before = shares.cumsum(-1) - shares
    kept = (before < p).sum(-1, keepdim=True).clamp(min=1)
    return logits.masked_fill(logits < best.gather(1, kept - 1), -torch.inf)


def draw(
    logits: Float[Tensor, "streams ids"], chance: Float[Tensor, "streams 1"]
) -> Int[Tensor, " streams"]:
    """Return the id at which the probabilities, added up in order, exceed a chance from 0 to 1."""
    sums = logits.double().softmax(-1).cumsum(-1)
    return (sums <= chance * sums[:, -1:]).sum(-1)
