"""Grouped quantizers, and beams, against vector-quantize-pytorch on the same codebooks."""

from __future__ import annotations

from typing import Any

import torch

from tests.parity.peers import peer
from vocable.quantize import GroupedVQ, ResidualVQ

package = peer("vector_quantize_pytorch")


def latents(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def learned(part: ResidualVQ) -> ResidualVQ:
    part.start_learning(latents(800, part.dim), per_step=100)
    return part.eval()


def give(layers: Any, part: ResidualVQ) -> None:
    """Put our codebooks into those of the package."""
    for layer, level in zip(layers, part.stack, strict=True):
        layer._codebook.embed.copy_(level.codebook.entries[None])
        layer._codebook.initted.fill_(True)


def test_groups():
    torch.manual_seed(0)
    theirs = package.GroupedResidualVQ(dim=12, groups=3, num_quantizers=2, codebook_size=64).eval()
    ours = GroupedVQ([learned(ResidualVQ(4, (64, 64))) for _ in range(3)]).eval()
    for own, part in zip(theirs.rvqs, ours.parts, strict=True):
        give(own.layers, part)
    z = latents(2, 500, 12)
    values, codes, _ = theirs(z)
    assert torch.equal(ours.encode(z), codes.permute(1, 3, 0, 2).flatten(1, 2))
    torch.testing.assert_close(ours(z).z, values, rtol=0, atol=1e-6)


def test_beams():
    """They keep sums by what all levels leave together, we by what the last one does."""
    torch.manual_seed(0)
    ours, z = learned(ResidualVQ(6, (64,) * 4)), latents(2, 500, 6)
    theirs = package.ResidualVQ(dim=6, codebook_size=64, num_quantizers=4, beam_size=4).eval()
    give(theirs.layers, ours)
    ours.beam = 4
    codes, found = theirs(z)[1].transpose(1, 2), ours.encode(z)
    error, wanted = ((z - ours.decode(c)).double().square().sum(-1) for c in (found, codes))
    assert error.mean() < wanted.mean()
    assert (error <= wanted + 1e-5).float().mean() > 0.9
