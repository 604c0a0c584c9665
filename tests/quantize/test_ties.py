"""How far two choices are from a tie, by hand."""

import pytest
import torch

from vocable.quantize import Quantizer, ResidualVQ, tie_distance


def rows(*values):
    return torch.tensor([values], dtype=torch.float64)


def test_the_distance_is_the_gap_over_what_can_close_it():
    """Entries (0, 0) and (4, 3), 5 apart: at (1, 1) the gap is |9 + 4 - 2| = 11."""
    chosen, other = rows(0.0, 0.0), rows(4.0, 3.0)
    z, other_z = rows(1.0, 1.0), rows(1.0, 1.5)
    found = tie_distance(z, other_z, chosen, other)
    assert float(found) == pytest.approx(11 / (2 * 0.5 * 5), rel=1e-4)


def test_a_latent_between_two_entries_that_moves_across_is_at_most_one():
    chosen, other = rows(0.0, 0.0), rows(4.0, 3.0)
    z, other_z = rows(1.99, 1.5), rows(2.01, 1.5)
    assert 0 < float(tie_distance(z, other_z, chosen, other)) <= 1


@pytest.mark.parametrize("of", [ResidualVQ, Quantizer])
def test_equal_codes_have_no_distance(of):
    quantizer = ResidualVQ(2, (8, 8)).eval()
    z = torch.randn(1, 5, 2)
    codes = quantizer.encode(z)
    assert not of.tie_distance(quantizer, z, codes, z + 1, codes).any()


def test_a_level_is_judged_by_what_the_levels_before_it_left():
    """Level 0 takes 1 of both latents; level 1 chooses between 0 and 0.25 in what is left."""
    quantizer = ResidualVQ(1, (2, 2), update=None).eval()
    for level, entries in zip(quantizer.stack, ((-1.0, 1.0), (0.0, 0.25)), strict=True):
        level.codebook.entries.copy_(torch.tensor(entries)[:, None])
    z, other_z = torch.tensor([[[1.12]]]), torch.tensor([[[1.13]]])
    codes, other = quantizer.encode(z), quantizer.encode(other_z)
    assert codes[0, :, 0].tolist() == [1, 0] and other[0, :, 0].tolist() == [1, 1]
    found = float(quantizer.tie_distance(z, codes, other_z, other))
    assert found == pytest.approx((0.13**2 - 0.12**2) / (2 * 0.01 * 0.25), rel=1e-3)
