"""Heads: what fills up a batch changes nothing, and each says one thing for what it is of."""

import pytest
import torch

from vocable.evaluate.probes.fronts import LevelAttention
from vocable.evaluate.probes.heads import HEADS_OF_FRAMES, HEADS_OF_WHOLES

HEADS = [*HEADS_OF_WHOLES.items(), *HEADS_OF_FRAMES.items()]


@pytest.mark.parametrize("make", [make for _, make in HEADS])
def test_neighbours_and_padding_do_not_matter(make):
    torch.manual_seed(0)
    head = make(12).eval()
    x, mask = torch.randn(2, 9, 12), torch.ones(2, 9, dtype=torch.bool)
    mask[1, 6:] = False
    with torch.no_grad():
        both, alone = head(x, mask), head(x[1:, :6], mask[1:, :6])
    assert both.shape[-1] == head.out
    own = both[1] if both.ndim == 2 else both[1, :6]
    assert torch.allclose(own, alone[0], atol=1e-5)


def test_levels_share_nothing_and_weights_sum_to_one():
    torch.manual_seed(0)
    front = LevelAttention((3, 5), 8, dropout=0.5).eval()
    codes = torch.tensor([[[2, 0], [0, 4]]])
    vectors, weights = front(codes)
    assert vectors.shape == (1, 2, 8) and torch.allclose(weights.sum(-1), torch.ones(1, 2))
    expected = sum(
        weights[0, 0, level] * front.table.weight[row] for level, row in enumerate((2, 3))
    )
    assert torch.allclose(vectors[0, 0], expected, atol=1e-6)
    assert torch.equal(codes, torch.tensor([[[2, 0], [0, 4]]]))  # DASB's front adds in place
