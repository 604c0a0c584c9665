"""Losses between a codec and its discriminators: hinge, and matching of their feature maps.

Hinge after Lim and Ye 2017 as in EnCodec; feature matching is the L1 distance of each map relative
to the mean magnitude of the real one (EnCodec), so that deep and shallow maps count alike.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


def fool(
    critic: nn.Module,
    real: Float[Tensor, "batch 1 samples"],
    decoded: Float[Tensor, "batch 1 samples"],
) -> dict[str, Tensor]:
    """Return the codec's losses, `adversarial` and `feature`; the critic gets no gradient."""
    with _still(critic):
        with torch.no_grad():
            wanted = critic(real)
        given = critic(decoded)
    adversarial = [F.relu(1 - maps[-1]).mean() for maps in given]
    feature = [
        (a - b).abs().mean() / a.abs().mean().clamp(min=1e-5)
        for there, here in zip(wanted, given, strict=True)
        for a, b in zip(there[:-1], here[:-1], strict=True)
    ]
    return {"adversarial": torch.stack(adversarial).mean(), "feature": torch.stack(feature).mean()}


def unmask(
    critic: nn.Module,
    real: Float[Tensor, "batch 1 samples"],
    decoded: Float[Tensor, "batch 1 samples"],
) -> Tensor:
    """Return the critic's loss: 2 when it cannot tell, 0 when it is always right and sure."""
    pairs = zip(critic(real), critic(decoded.detach()), strict=True)
    parts = [F.relu(1 - a[-1]).mean() + F.relu(1 + b[-1]).mean() for a, b in pairs]
    return torch.stack(parts).mean()


@contextlib.contextmanager
def _still(critic: nn.Module) -> Iterator[None]:
    critic.requires_grad_(False)
    try:
        yield
    finally:
        critic.requires_grad_(True)
