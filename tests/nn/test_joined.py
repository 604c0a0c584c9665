"""An activation that writes into the rows of the convolution after it gives the same values."""

import pytest
import torch
import torch.nn.functional as F

from vocable import nn
from vocable.nn import activation
from vocable.nn.edge import EdgeConv1d
from vocable.testing.block_examples import seeded
from vocable.testing.compare import check_rows_equal

ACTIVATIONS = {
    "ELU": nn.ELU,
    "GELU": nn.GELU,
    "Tanh": nn.Tanh,
    "PReLU": nn.PReLU,
    "Snake": lambda: nn.Snake(6),
    "SnakeBeta": lambda: nn.SnakeBeta(6),
    "HalfSnake": lambda: nn.HalfSnake(6),
}
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
    with torch.inference_mode():
        check_rows_equal("written", run(), wanted.detach())
    assert torch.equal(x, before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_many_values_of_elu_are_those_of_few(dtype):
    x = torch.randn(1, 600, 64).mul(torch.logspace(-8, 2, 64)).to(dtype)
    x[0, 0, :5] = torch.tensor([0.0, -0.0, float("inf"), -float("inf"), float("nan")])
    with torch.inference_mode():
        y = nn.ELU()(x)
        atol = 3e-7 if dtype == torch.float32 else 0.004
        torch.testing.assert_close(y, F.elu(x), rtol=0, atol=atol, equal_nan=True)
    assert x.numel() >= activation.MANY


@pytest.mark.parametrize("dilation", [1, 3])
@pytest.mark.parametrize("bias", [True, False])
def test_one_channel_out_and_one_channel_in_have_forms_of_their_own(bias, dilation):
    sizes = {"last": (24, 1, 7), "first": (1, 24, 7)}
    for channels_in, channels_out, kernel in sizes.values():
        block = nn.Conv1d(channels_in, channels_out, kernel, dilation=dilation, bias=bias)
        x = torch.randn(2, 700, channels_in)
        rows = F.pad(x, (0, 0, *block.pad)).transpose(1, 2)
        wanted = F.conv1d(rows, block.weight, block.bias, dilation=dilation).transpose(1, 2)
        torch.testing.assert_close(block(x), wanted, rtol=1e-5, atol=1e-5)
        with torch.inference_mode():
            torch.testing.assert_close(block(x), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shortcut", [None, lambda: nn.Linear(6, 6)])
def test_sums_in_place_leave_the_input_as_it_is(shortcut):
    branch = nn.Stack(nn.ELU(), nn.Conv1d(6, 6, 5, pad=(2, 2)), nn.Linear(6, 6))
    block = nn.Residual(branch, shortcut and shortcut())
    x = torch.randn(2, 40, 6)
    before, wanted = x.clone(), block(x).detach()
    with torch.inference_mode():
        torch.testing.assert_close(block(x), wanted)
        y, state = block.step(x, block.initial_state(2))
        kept = [part.clone() for part in (state[1], y)]
        block.step(x, state)
    assert torch.equal(x, before) and torch.equal(state[1], kept[0]) and torch.equal(y, kept[1])


@pytest.mark.parametrize("after", ["Conv1d", "depthwise"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_precision_is_that_of_training(name, after):
    stack = seeded(lambda: nn.Stack(nn.Conv1d(6, 6, 3), ACTIVATIONS[name](), AFTER[after]()))
    x = torch.randn(1, 30, 6)
    with torch.autocast("cpu", torch.bfloat16):
        wanted, _ = stack.step(x, stack.initial_state(1))
        with torch.inference_mode():
            y, _ = stack.step(x, stack.initial_state(1))
    assert y.dtype == wanted.dtype
    torch.testing.assert_close(y, wanted.detach(), rtol=0, atol=0)


class Doubled(nn.Snake):
    """An activation of a user's own, derived from ours."""

    def forward(self, x):
        return 2 * super().forward(x)


class Noted(nn.Conv1d):
    """A convolution of a user's own, derived from ours."""

    def step(self, x, state):
        self.rows = x.shape[1]
        return super().step(x, state)


def test_what_derives_from_ours_does_as_it_says():
    stack = seeded(lambda: nn.Stack(Doubled(6), Noted(6, 4, 3)))
    x = torch.randn(1, 30, 6)
    with torch.inference_mode():
        y, _ = stack.step(x, stack.initial_state(1))
    torch.testing.assert_close(y, stack(x).detach())
    assert stack.blocks[1].rows == 30


class Switched(nn.Linear):
    """A map that may be off."""

    def forward(self, x):
        return x


def test_sums_leave_what_others_hold():
    x, seen = torch.randn(1, 30, 6), []
    hooked = nn.Residual(nn.Stack(nn.ELU(), nn.Linear(6, 6)))
    hooked.branch.blocks[1].register_forward_hook(lambda module, args, y: seen.append(y))
    off = nn.Residual(nn.Stack(nn.ELU(), Switched(6, 6)))
    changed = nn.Residual(nn.Stack(nn.ELU(), nn.Linear(6, 6)))
    changed.branch.blocks[1] = Switched(6, 6)
    for block in (hooked, off, changed):
        wanted, before = block(x).detach(), x.clone()
        seen.clear()
        with torch.inference_mode():
            torch.testing.assert_close(block(x), wanted)
        assert torch.equal(x, before)
    with torch.inference_mode():
        y = hooked(x)
    torch.testing.assert_close(seen[0], y - x)


def test_states_of_other_streams_are_refused():
    stack = nn.Stack(nn.ELU(), nn.Conv1d(6, 4, 3))
    with torch.inference_mode(), pytest.raises(RuntimeError, match="size"):
        stack.step(torch.randn(3, 9, 6), stack.initial_state(1))
