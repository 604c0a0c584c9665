"""Losses of a codec (the generator) and of its discriminators: hinge, and feature matching.

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


def generator_loss(
    discriminator: nn.Module,
    target: Float[Tensor, "batch channels samples"],
    output: Float[Tensor, "batch channels samples"],
) -> dict[str, Tensor]:
    """Return the codec's losses, `adversarial` and `feature`; the discriminator gets no gradient.

    `adversarial` is 0 when the output is surely taken for real, 1 when the scores are undecided.
    """
    with _frozen(discriminator):
        with torch.no_grad():
            target_maps = discriminator(target)
        output_maps = discriminator(output)
    adversarial = [F.relu(1 - maps[-1]).mean() for maps in output_maps]
    feature = [
        (a - b).abs().mean() / a.abs().mean().clamp(min=1e-5)
        for of_target, of_output in zip(target_maps, output_maps, strict=True)
        for a, b in zip(of_target[:-1], of_output[:-1], strict=True)
    ]
    return {"adversarial": torch.stack(adversarial).mean(), "feature": torch.stack(feature).mean()}


def discriminator_loss(
    discriminator: nn.Module,
    target: Float[Tensor, "batch channels samples"],
    output: Float[Tensor, "batch channels samples"],
) -> Tensor:
    """Return the discriminator's loss: 2 when undecided, 0 when it is always right and sure."""
    pairs = zip(discriminator(target), discriminator(output.detach()), strict=True)
    parts = [F.relu(1 - a[-1]).mean() + F.relu(1 + b[-1]).mean() for a, b in pairs]
    return torch.stack(parts).mean()


@contextlib.contextmanager
def _frozen(module: nn.Module) -> Iterator[None]:
    module.requires_grad_(False)
    try:
        yield
    finally:
        module.requires_grad_(True)
