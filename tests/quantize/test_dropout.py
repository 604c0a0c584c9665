"""Quantizer dropout: which items use how many levels, and what the losses then mean."""

import torch

from vocable.quantize import ResidualVQ

PREFIXES = (1, 2, 4)


def used_levels(dropout, items=3000):
    """Return how many levels each of many items used, read off what `forward` returned."""
    torch.manual_seed(0)
    made = ResidualVQ(
        4, (8,) * 4, initialise=None, revival=None, dropout=dropout, prefixes=PREFIXES
    ).train()
    for level in made.stack:
        level.learner = None  # so that decoding shows what was searched
    made.resume_learning(1)
    found = made(torch.randn(items, 3, 4))
    by_prefix = torch.stack([made.decode(found.codes[:, :n]) for n in PREFIXES])
    same = (by_prefix == found.z).flatten(2).all(2)
    assert (same.sum(0) >= 1).all(), "every item used one of the prefixes"
    return torch.tensor(PREFIXES)[same.int().argmax(0)]


def test_the_share_of_items_uses_each_prefix_equally_often():
    used = used_levels(dropout=0.5)
    for n, share in ((1, 1 / 6), (2, 1 / 6), (4, 1 / 2 + 1 / 6)):
        assert abs((used == n).float().mean() - share) < 4 * (share * (1 - share) / 3000) ** 0.5


def test_no_dropout_uses_all_levels_and_full_dropout_leaves_no_item_out():
    assert (used_levels(dropout=0.0) == 4).all()
    assert abs((used_levels(dropout=1.0) == 4).float().mean() - 1 / 3) < 0.04


def test_codes_are_of_all_levels_and_evaluation_drops_none():
    made = ResidualVQ(4, (8,) * 4, initialise=None, dropout=1.0).train()
    z = torch.randn(5, 3, 4)
    assert made(z).codes.shape == (5, 4, 3)
    made.eval()
    assert torch.equal(made(z).z, made.decode(made.encode(z)))


def test_losses_are_means_over_the_levels_in_use():
    torch.manual_seed(1)
    made = ResidualVQ(4, (8,) * 2, initialise=None, revival=None, dropout=1.0).train()
    for level in made.stack:
        level.learner = None
    made.resume_learning(1)
    z = torch.randn(6, 3, 4)
    found = made(z)
    residuals = [z - made.decode(found.codes[:, :n]) for n in (1, 2)]
    per_item = torch.stack([r.square().mean(dim=(1, 2)) for r in residuals])
    both = (found.z == made.decode(found.codes)).flatten(1).all(1)
    assert 0 < both.sum() < 6, "the seed gives items of both kinds"
    expected = (per_item[0].sum() + per_item[1][both].sum()) / (6 + both.sum())
    assert torch.allclose(found.losses["commitment"], expected)
