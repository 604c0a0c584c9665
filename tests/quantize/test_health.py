"""Health says how the codebooks are used."""

import math

import pytest
import torch

from vocable.quantize import Health, ResidualVQ


def test_use_by_hand():
    codes = torch.tensor([[[0, 0, 1, 1], [2, 2, 2, 2]]])
    health = Health.of(codes, (2, 4))
    assert health.used.tolist() == [1.0, 0.25]
    assert health.dead.tolist() == [0, 3]
    assert health.perplexity.tolist() == pytest.approx([2.0, 1.0])
    assert health.residual_db.isnan().all()


def test_two_stretches_join():
    first = Health.of(torch.tensor([[[0, 0]]]), (2,))
    second = Health.of(torch.tensor([[[1, 1]]]), (2,))
    assert (first + second).perplexity.tolist() == pytest.approx([2.0])


def test_nothing_chosen_is_no_perplexity():
    health = Health.of(torch.zeros(1, 1, 0, dtype=torch.int64), (4,))
    assert health.perplexity.tolist() == [0.0] and health.used.tolist() == [0.0]


def test_residual_energy_in_decibels():
    made = ResidualVQ(1, (2, 2), update=None).eval()
    for level, entries in zip(made.stack, ([[0.9], [-0.9]], [[0.09], [-0.09]]), strict=True):
        level.codebook.entries.copy_(torch.tensor(entries))
    health = made(torch.tensor([[[1.0], [-1.0]]])).health
    expected = [20 * math.log10(0.1), 20 * math.log10(0.01)]
    assert health.residual_db.tolist() == pytest.approx(expected, abs=1e-4)
    joined = health + health
    assert joined.residual_db.tolist() == pytest.approx(expected, abs=1e-4)
