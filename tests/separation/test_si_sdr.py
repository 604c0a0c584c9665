"""How well speakers are parted, against the measure of single signals, and over orders."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch

from vocable import measures
from vocable.separation import si_sdr as ours


def signals(*shape: int, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_it_is_the_measure():
    wanted = signals(3, 800) + 0.02  # with a mean, which does not count
    parts = 0.3 * wanted + signals(3, 800, seed=1) * torch.tensor([[0.01], [0.1], [1.0]])
    found = ours.si_sdr(parts, wanted)
    for one, part, other in zip(found, parts, wanted, strict=True):
        assert float(one) == pytest.approx(
            measures.si_sdr(other.numpy(), part.numpy(), 16000), abs=1e-3
        )


def test_the_ends_of_the_scale():
    x = signals(1, 800)
    assert float(ours.si_sdr(-2 * x, x)) == 100.0
    assert float(ours.si_sdr(0 * x, x)) == float(ours.si_sdr(x, 0 * x)) == -100.0


@pytest.mark.parametrize("speakers", [2, 3])
def test_the_best_order_is_found(speakers):
    wanted = signals(1, speakers, 800)
    for order in permutations(range(speakers)):
        parts = wanted[:, list(order)] + 0.1 * signals(1, speakers, 800, seed=2)
        found = ours.best_order(ours.ratios(parts, wanted))
        torch.testing.assert_close(ours.in_order(parts, found), wanted, atol=0.06, rtol=0)
        assert float(ours.loss(parts, wanted)) == pytest.approx(
            -float(ours.si_sdr(ours.in_order(parts, found), wanted).mean()), abs=0.5
        )


def test_the_order_of_the_sum_and_not_of_each():
    """One part is the nearest to both: who gives up least takes the other."""
    scores = torch.tensor([[[10.0, 9.0], [5.0, 0.0]]])
    assert ours.best_order(scores).tolist() == [[1, 0]]


def test_improvement_is_over_the_mixture():
    wanted = signals(4, 2, 800)
    mixture = wanted.sum(1)
    assert ours.improvement(mixture[:, None].expand(-1, 2, -1), wanted, mixture).abs().max() < 1e-6
    found = ours.improvement(wanted.flip(1), wanted, mixture)
    torch.testing.assert_close(found, 100 - ours.si_sdr(mixture[:, None].expand(-1, 2, -1), wanted))


def test_the_loss_has_gradients_where_all_is_silent_or_perfect():
    wanted = signals(1, 2, 800)
    for parts in (torch.zeros(1, 2, 800), wanted.clone()):
        parts.requires_grad_()
        ours.loss(parts, wanted).backward()
        assert bool(parts.grad.isfinite().all())
    assert float(ours.loss(wanted, wanted)) == pytest.approx(-30, abs=0.1)
