"""An activation that writes into the rows of the convolution after it gives the same values."""

import pytest
import torch

from vocable import nn
from vocable.nn.edge import EdgeConv1d
from vocable.testing.block_examples import seeded
from vocable.testing.compare import check_rows_equal

ACTIVATIONS = {"ELU": nn.ELU, "GELU": nn.GELU, "Tanh": nn.Tanh, "Snake": lambda: nn.Snake(6)}
AFTER = {
    "Conv1d": lambda: nn.Conv1d(6, 4, 4, stride=2),
    "look-ahead": lambda: nn.Conv1d(6, 4, 5, pad=(2, 2)),
    "depthwise": lambda: nn.DepthwiseConv1d(6, 3),
    "reflected": lambda: EdgeConv1d(6, 4, 5, edge="reflect"),
    "first row": lambda: nn.FirstRowConv1d(6, 4, 4, stride=2),
    "transposed": lambda: nn.ConvTranspose1d(6, 4, 4, stride=2),
    "Linear": lambda: nn.Linear(6, 4),
}


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_steps_give_the_same(name, after):
    stack = seeded(lambda: nn.Stack(ACTIVATIONS[name](), AFTER[after]()))
    x = torch.randn(2, 40, 6)
    x[0, 20] = torch.tensor([0.0, -0.0, 9.0, -9.0, 1e-9, -80.0])
    cuts = (12, 0, 2, 26)

    def run():
        state, found = stack.initial_state(2), []
        for part in x.split(cuts, 1):
            y, state = stack.step(part, state)
            found.append(y)
        return torch.cat([y for y in [*found, stack.finish(state)] if y.shape[1]], 1)

    before = x.clone()
    wanted = run()
    with torch.no_grad():
        check_rows_equal("written", run(), wanted.detach())
    assert torch.equal(x, before)


def test_half_precision_is_kept():
    stack = nn.Stack(nn.Snake(6), nn.Conv1d(6, 4, 3)).bfloat16()
    with torch.no_grad():
        y, state = stack.step(torch.ones(1, 9, 6, dtype=torch.bfloat16), stack.initial_state(1))
    assert y.dtype == state[1].dtype == torch.bfloat16
