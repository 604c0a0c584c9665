"""A frozen quantizer learns nothing in training; it still draws how many levels an item uses."""

import pytest
import torch

from vocable.quantize import Quantizer, ResidualVQ
from vocable.testing.quantizer_examples import quantizers

QUANTIZERS = quantizers()
LEARN = QUANTIZERS.names(  # from statistics: what is stored and no optimizer moves
    lambda each: set(each.state_dict()) - {key for key, _ in each.named_parameters()}
)


def trained_on_noise(quantizer: Quantizer) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Return what no optimizer moves, before and after some training steps."""
    learned = {name for name, _ in quantizer.named_parameters()}
    before = {key: value.clone() for key, value in quantizer.state_dict().items()}
    for seed in range(3):
        z = torch.randn(8, 16, 6, generator=torch.Generator().manual_seed(seed))
        quantizer(z)
    after = quantizer.state_dict()
    return {key: (before[key], after[key]) for key in before if key not in learned}


@pytest.mark.parametrize("name", LEARN)
def test_nothing_that_is_frozen_learns(name: str):
    quantizer = QUANTIZERS[name].train()
    moving = trained_on_noise(quantizer)
    assert any(not torch.equal(*pair) for pair in moving.values())
    quantizer.freeze()
    assert all(torch.equal(*pair) for pair in trained_on_noise(quantizer).values())
    quantizer.train()
    assert any(not torch.equal(*pair) for pair in trained_on_noise(quantizer).values())


def test_what_has_not_begun_to_learn_does_not_begin():
    quantizer = ResidualVQ(6, (16,) * 2)
    quantizer.freeze()
    z = torch.randn(8, 16, 6)
    assert quantizer(z).codes.any() and not torch.equal(quantizer(z).z, z)
    assert quantizer.waiting is not None and not len(quantizer.waiting)


def test_numbers_of_levels_are_drawn_all_the_same():
    quantizer = ResidualVQ(6, (16,) * 4, dropout=1.0)
    quantizer.start_learning(torch.randn(200, 6), per_step=200)
    quantizer.freeze()
    found = quantizer(torch.randn(64, 16, 6))
    whole = quantizer.decode(found.codes)
    same = (found.z - whole).abs().amax((1, 2)) < 1e-6
    assert 4 < int(same.sum()) < 40  # a quarter of 64
    quantizer.eval()
    assert torch.allclose(quantizer(torch.ones(64, 16, 6)).z[0], quantizer(torch.ones(1, 16, 6)).z)
