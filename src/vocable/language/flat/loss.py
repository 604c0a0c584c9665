"""What training a flat model minimises: the cross entropy of the ids that a mask counts."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from vocable.errors import TokenError
from vocable.language.flat.model import Flat


def flat_loss(
    model: Flat,
    ids: Int[Tensor, "batch time"],
    counted: Bool[Tensor, "batch time"],
    lengths: Sequence[int] | None = None,
) -> Float[Tensor, ""]:
    """Return the mean cross entropy of the counted ids of a batch, in nats; see `nats_of`."""
    return nats_of(model, ids, counted, lengths).mean()


def nats_of(
    model: Flat,
    ids: Int[Tensor, "batch time"],
    counted: Bool[Tensor, "batch time"],
    lengths: Sequence[int] | None = None,
) -> Float[Tensor, " counted"]:
    """Return the cross entropy of each counted id, given those before it, row after row.

    Raises TokenError where the mask counts nothing, the first position, which nothing comes before,
    or an id that the model lacks.
    """
    if not counted.any():
        raise TokenError("the mask counts no id, and the mean over none is not a number; add one")
    if counted[:, 0].any():
        raise TokenError("the mask counts position 0, which nothing before it can foretell")
    wanted = ids[counted]
    if bool(((wanted < 0) | (wanted >= model.config.rows)).any()):
        raise TokenError(f"the mask counts an id that is not one of 0 to {model.config.rows - 1}")
    hidden = model.forward(ids, lengths)[:, :-1][counted[:, 1:]]
    return F.cross_entropy(model.logits(hidden).float(), wanted, reduction="none")
