"""What training a CSM minimises: level 0 of every frame, the other levels of some.

Sesame's amortisation: the depth model sees a random sixteenth of the frames, which costs a
sixteenth of its memory and shows in no loss. Labels are not asked for: the ids of a batch are its
targets, one position on, and masks say which count, so that no number is both an id and a sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from vocable.errors import TokenError
from vocable.language.csm.model import Csm

SHARE = 1 / 16  # of the frames, that the depth model learns from


@dataclass(frozen=True)
class CsmLoss:
    """total: first + rest. first: mean over frames of level 0's cross entropy, in nats.

    rest: mean over the chosen frames and all other levels.
    """

    total: Float[Tensor, ""]
    first: Float[Tensor, ""]
    rest: Float[Tensor, ""]


def some_frames(
    counted: Bool[Tensor, "batch time"], chance: torch.Generator, share: float = SHARE
) -> Bool[Tensor, "batch time"]:
    """Return a random share of the frames that count, at least one if there are any."""
    at = counted.flatten().nonzero()[:, 0]
    many = min(len(at), max(1, round(len(at) * share)))
    chosen = torch.randperm(len(at), generator=chance)[:many].to(at.device)
    found = torch.zeros_like(counted).flatten()
    found[at[chosen]] = True
    return found.view_as(counted)


def csm_loss(
    model: Csm,
    ids: Int[Tensor, "batch time rows"],
    counted: Bool[Tensor, "batch time"],
    deep: Bool[Tensor, "batch time"],
    lengths: Sequence[int] | None = None,
) -> CsmLoss:
    """Return the losses of a batch.

    counted: which positions are frames whose level 0 is learned, end frames among them. deep: of
    which the other levels are (`some_frames`). Raises TokenError where a mask has no frame, where
    it counts what is not a whole frame, or the first position, which nothing comes before.
    """
    for name, mask in (("counted", counted), ("deep", deep)):
        _check(name, mask, ids, model.config.size)
    output = model.forward(ids, lengths)
    first = F.cross_entropy(output.logits[:, :-1][counted[:, 1:]].float(), ids[counted][:, 0])
    frames = ids[deep][:, :-1]
    logits = model.deep_logits(output.hidden[:, :-1][deep[:, 1:]], frames)
    rest = F.cross_entropy(logits.flatten(0, 1).float(), frames[:, 1:].flatten())
    return CsmLoss(first + rest, first, rest)


def _check(name: str, mask: Tensor, ids: Tensor, size: int) -> None:
    if not mask.any():
        raise TokenError(f"{name} has no frame, and the mean over none is not a number; add one")
    if mask[:, 0].any():
        raise TokenError(f"{name} has a frame at position 0, which nothing before it can foretell")
    frames = ids[mask][:, :-1]
    if bool(((frames < 0) | (frames >= size)).any()):
        raise TokenError(f"{name} has a position that is not a frame of ids 0 to {size - 1}")
