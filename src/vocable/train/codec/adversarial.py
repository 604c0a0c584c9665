"""Losses of a codec (the generator) and of its discriminators, and the distance of feature maps.

Hinge (Lim and Ye 2017) as in SoundStream and EnCodec, or least squares (Mao et al. 2017) as in
HiFi-GAN and DAC. The distance of feature maps is L1, relative to the mean magnitude of the real one
as in EnCodec, so that deep and shallow maps count alike, or plain as in DAC. All are means over
discriminators and maps; where a paper adds them up, its weights are larger in a recipe.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.train.codec.recipe import Adversarial, Rule
from vocable.train.distributed import Distributed


def generator_loss(
    discriminator: nn.Module,
    target: Float[Tensor, "batch channels samples"],
    output: Float[Tensor, "batch channels samples"],
    rule: Rule = "hinge",
    *,
    relative: bool = True,
) -> dict[str, Tensor]:
    """Return the codec's losses, `adversarial` and `feature`; the discriminator gets no gradient.

    `adversarial` is 0 when the output is surely taken for real, 1 when all scores are 0.
    """
    with _frozen(discriminator):
        with torch.no_grad():
            target_maps = discriminator(target)
        output_maps = discriminator(output)
    adversarial = [_missed(maps[-1], rule) for maps in output_maps]
    feature = [
        _distance(a, b, relative=relative)
        for of_target, of_output in zip(target_maps, output_maps, strict=True)
        for a, b in zip(of_target[:-1], of_output[:-1], strict=True)
    ]
    return {"adversarial": torch.stack(adversarial).mean(), "feature": torch.stack(feature).mean()}


def discriminator_loss(
    discriminator: nn.Module,
    target: Float[Tensor, "batch channels samples"],
    output: Float[Tensor, "batch channels samples"],
    rule: Rule = "hinge",
) -> Tensor:
    """Return the discriminator's loss: `UNDECIDED[rule]` for guesses, 0 if right and sure."""
    pairs = zip(discriminator(target), discriminator(output.detach()), strict=True)
    parts = [_missed(a[-1], rule) + _accepted(b[-1], rule) for a, b in pairs]
    return torch.stack(parts).mean()


def losses_in_turn(
    discriminator: nn.Module,
    table: Adversarial,
    distributed: Distributed,
    target: Float[Tensor, "batch channels samples"],
    output: Float[Tensor, "batch channels samples"],
) -> dict[str, Tensor]:
    """Return the discriminators' loss; none in steps that are not their turn (`table.update`)."""
    if table.update < 1:
        (learns,) = distributed.broadcast_values(float(torch.rand(())) < table.update)
        if not learns:
            return {}
    return {"discriminator": discriminator_loss(discriminator, target, output, table.rule)}


def _missed(scores: Tensor, rule: Rule) -> Tensor:
    """Return how far scores are from saying "real"."""
    return F.relu(1 - scores).mean() if rule == "hinge" else (1 - scores).square().mean()


def _accepted(scores: Tensor, rule: Rule) -> Tensor:
    """Return how far scores are from saying "decoded"."""
    return F.relu(1 + scores).mean() if rule == "hinge" else scores.square().mean()


def _distance(target: Tensor, output: Tensor, *, relative: bool) -> Tensor:
    distance = (target - output).abs().mean()
    return distance / target.abs().mean().clamp(min=1e-5) if relative else distance


@contextlib.contextmanager
def _frozen(module: nn.Module) -> Iterator[None]:
    module.requires_grad_(False)
    try:
        yield
    finally:
        module.requires_grad_(True)
