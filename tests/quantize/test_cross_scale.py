"""Scales of a latent, each quantized in what coarser ones leave: by hand, and how it learns."""

import pytest
import torch
from torch import nn

from vocable import testing
from vocable.errors import ModelError
from vocable.quantize import VQ, CrossScaleVQ, GroupedVQ


def latents(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def product(dim: int, groups: int) -> GroupedVQ:
    return GroupedVQ([VQ(dim // groups, 16) for _ in range(groups)])


def learned(dropout: float = 0.0) -> CrossScaleVQ:
    torch.manual_seed(0)
    parts = product(2, 1), product(4, 2), product(6, 2)
    coarsen, refine = (nn.Linear(4, 2), nn.Linear(6, 4)), (nn.Linear(2, 4), nn.Linear(4, 6))
    quantizer = CrossScaleVQ(parts, coarsen, refine, dropout=dropout)
    quantizer.start_learning(torch.randn(200, 6), per_step=60)
    return quantizer


def test_each_scale_quantizes_what_the_coarser_ones_do_not_foretell():
    quantizer, z = learned().eval(), latents(2, 30, 6)
    assert quantizer.levels == (16,) * 5 and quantizer.prefixes == (1, 3, 5)
    middle = quantizer.coarsen[1](z)
    coarse = quantizer.coarsen[0](middle)
    codes = [quantizer.parts[0].encode(coarse)]
    y = quantizer.refine[0](quantizer.parts[0].decode(codes[0]))
    alone = quantizer.refine[1](y)
    torch.testing.assert_close(quantizer.decode(codes[0]), alone)
    codes.append(quantizer.parts[1].encode(middle - y))
    y = quantizer.refine[1](y + quantizer.parts[1].decode(codes[1]))
    codes.append(quantizer.parts[2].encode(z - y))
    assert torch.equal(quantizer.encode(z), torch.cat(codes, 1))
    y = y + quantizer.parts[2].decode(codes[2])
    torch.testing.assert_close(quantizer.decode(torch.cat(codes, 1)), y)
    with pytest.raises(ModelError, match="levels is 2 but this quantizer decodes 1, 3, 5 levels"):
        quantizer.encode(z, 2)


def test_all_that_learns_learns_and_items_use_numbers_of_scales():
    quantizer = learned(dropout=1.0).train()
    z = latents(30, 20, 6, seed=2).requires_grad_()
    found = quantizer(z)
    (found.z.square().mean() + found.losses["commitment"]).backward()
    for name, weight in quantizer.named_parameters():
        assert weight.grad is not None and weight.grad.abs().sum() > 0, name
    assert z.grad.abs().sum() > 0
    whole = (found.z - z).detach().flatten(1).norm(dim=1)
    assert found.codes.shape == (30, 5, 20) and float(whole.max()) > 1.5 * float(whole.min())


def test_before_the_start_of_learning_the_latent_passes():
    torch.manual_seed(0)
    quantizer = CrossScaleVQ(
        [product(2, 1), product(4, 1)], [nn.Linear(4, 2)], [nn.Linear(2, 4)]
    ).train()
    z = latents(1, 9, 4)
    torch.testing.assert_close(quantizer(z).z, z)
    assert not quantizer.learning_started
    quantizer(latents(4, 40, 4))
    assert quantizer.learning_started


@pytest.mark.parametrize("level", [0, 2, 4])
def test_a_wrong_code_is_no_tie(level: int):
    quantizer, z = learned().eval(), latents(2, 30, 6)
    codes = quantizer.encode(z)
    wrong = codes.clone()
    wrong[1, level, 7] = (wrong[1, level, 7] + 1) % 16
    with pytest.raises(AssertionError, match=f"differ first in frame 7, level {level}"):
        testing.check_codes_agree(quantizer, z, codes, z + 1e-6, wrong)
    moved = z + 0.1 * torch.randn_like(z)
    ties = testing.check_codes_agree(quantizer, z, codes, moved, quantizer.encode(moved))
    assert ties > 0


def test_scales_that_do_not_fit():
    with pytest.raises(ModelError, match="scales are 2 with 0 maps to coarser and 1 to finer ones"):
        CrossScaleVQ([product(2, 1), product(4, 1)], [], [nn.Linear(2, 4)])
    with pytest.raises(ModelError, match="dropout is 2; give a share of items from 0 to 1"):
        CrossScaleVQ([product(2, 1)], [], [], dropout=2)
