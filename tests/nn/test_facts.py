"""A stack knows its strides, rates and reach from its members; wrong ones are refused."""

from fractions import Fraction

import pytest
import torch

from vocable import nn, testing
from vocable.errors import ModelError
from vocable.testing.block_examples import block_named


def facts(block: nn.Block) -> tuple:
    return block.stride_in, block.ratio, block.lookahead, block.receptive


def test_facts_of_layers():
    assert facts(nn.Conv1d(4, 4, 7)) == (1, 1, 0, 7)
    assert facts(nn.Conv1d(4, 4, 7, dilation=3, pad=(9, 9))) == (1, 1, 9, 19)
    assert facts(nn.Conv1d(4, 4, 16, stride=8, pad=(4, 4))) == (8, Fraction(1, 8), 4, 16)
    assert facts(nn.ConvTranspose1d(4, 4, 16, stride=8)) == (1, 8, 0, 2)
    assert facts(nn.ConvTranspose1d(4, 4, 16, stride=8, trim=(4, 4))) == (1, 8, 1, 2)
    assert facts(nn.LSTM(4, 4)) == (1, 1, 0, None)
    assert facts(nn.ConvNeXtBlock(4)) == (1, 1, 0, 7)


def test_facts_of_windows():
    """Rows see one window; two rows side by side may see two."""
    attention = nn.LocalAttention(4, window=6, head=2)
    assert facts(attention) == (6, 1, 0, 6)
    assert [attention.reach(rows) for rows in (1, 2, 7, 8)] == [6, 12, 12, 18]
    down, near = nn.Conv1d(4, 4, 4, stride=2, pad=(1, 1)), nn.Conv1d(4, 4, 3, pad=(1, 1))
    residual = nn.Residual(attention)
    # the near convolution waits for one row of the next window, and so for all of it
    assert facts(nn.Stack(down, residual, near)) == (12, Fraction(1, 2), 13, 26)
    assert facts(nn.Stack(near, residual)) == (6, 1, 1, 8)


@pytest.mark.parametrize(
    "options", [{"window": 0}, {"window": 4, "head": 3}, {"window": 4, "head": 8}]
)
def test_windows_that_cannot_be(options):
    with pytest.raises(ModelError, match="channels a multiple of an even head, and a window of 1"):
        nn.LocalAttention(4, **options)


def test_facts_of_stacks():
    down = nn.Conv1d(4, 4, 4, stride=2, pad=(1, 1)), nn.Conv1d(4, 4, 6, stride=3)
    assert facts(nn.Stack(*down)) == (6, Fraction(1, 6), 1, 14)
    up = nn.ConvTranspose1d(4, 4, 6, stride=3), nn.ConvTranspose1d(4, 4, 4, stride=2)
    assert facts(nn.Stack(*up)) == (1, 6, 0, 3)
    assert facts(nn.Stack(*down, *up)) == (6, 1, 1, 26)
    assert facts(nn.Stack()) == (1, 1, 0, 1)


def test_what_the_end_lacks_is_multiplied_by_later_strides():
    three = nn.ConvTranspose1d(4, 4, 6, stride=3, trim=(2, 2), short=1)
    five = nn.ConvTranspose1d(4, 4, 10, stride=5, trim=(3, 3), short=1)
    stack = nn.Stack(three, five)
    assert (three.short, stack.short, stack.ratio) == (1, 6, 15)
    assert stack(torch.randn(1, 4, 4)).shape[1] == 4 * 15 - 6
    with pytest.raises(ModelError, match="1 less at the end"):
        nn.Residual(nn.Stack(nn.Conv1d(4, 4, 6, stride=3), three))


def test_one_row_awaited_late_costs_a_whole_early_stride():
    late = nn.Conv1d(4, 4, 3, pad=(1, 1))
    patches = nn.Conv1d(4, 4, 8, stride=8), nn.ConvTranspose1d(4, 4, 8, stride=8)
    assert nn.Stack(*patches, late).lookahead == 8
    assert nn.Stack(late, *patches).lookahead == 1


@pytest.mark.parametrize("name", [n for n, b in testing.blocks().items() if b.receptive])
def test_reach_is_exact(name):
    """The input rows that some output row has a gradient to span `receptive` rows, none more."""
    block = block_named(name)
    torch.manual_seed(0)  # a rectified row may reach nothing
    x = torch.randn(1, 24 * block.stride_in, 4, requires_grad=True)
    y = block(x)
    spans = []
    for row in range(y.shape[1] // 3, y.shape[1] // 3 + 13):
        (slope,) = torch.autograd.grad(y[:, row].square().sum(), x, retain_graph=True)
        reached = slope.abs().sum((0, 2)).nonzero().flatten()
        spans.append(int(reached[-1] - reached[0]) + 1)
    assert max(spans) == block.receptive


def test_a_residual_must_keep_the_rate():
    with pytest.raises(ModelError, match="gives 1/2 rows per row"):
        nn.Residual(nn.Conv1d(4, 4, 4, stride=2))


@pytest.mark.parametrize(
    "options, says",
    [
        ({"kernel": 7, "stride": 2}, "kernel a multiple of stride"),
        ({"kernel": 4, "stride": 2, "trim": (2, 1)}, r"trim \(2, 1\)"),
        ({"kernel": 4, "stride": 2, "trim": (3, -1)}, r"trim \(3, -1\)"),
        ({"kernel": 4, "stride": 2, "trim": (1, 1), "short": 1}, "short 1"),
        ({"kernel": 10, "stride": 5, "trim": (1, 6), "short": 2}, "lack 0 to 1 rows"),
        ({"kernel": 4, "stride": 2, "trim": (4, 0), "short": 2}, "lack 0 to 1 rows"),
    ],
)
def test_transposed_convolutions_that_cannot_be(options, says):
    with pytest.raises(ModelError, match=says):
        nn.ConvTranspose1d(4, 4, **options)
    with pytest.raises(ModelError, match="has 2 for 4 channels in and 4 out"):
        nn.ConvTranspose1d(4, 4, 4, stride=2, groups=2)


def test_paddings_that_cannot_be():
    with pytest.raises(ModelError, match=r"padding must be at least 0 rows but is \(-1, 3\)"):
        nn.Conv1d(4, 4, 3, pad=(-1, 3))


@pytest.mark.parametrize("rows", [2, 6, 40])
def test_fold_equals_whole(rows):
    block = nn.Stack(nn.Conv1d(4, 4, 4, stride=2, pad=(1, 1)), nn.Residual(nn.Conv1d(4, 4, 3)))
    x = torch.randn(2, 22, 4)
    torch.testing.assert_close(nn.fold(block, x, rows), block(x))
    with pytest.raises(ModelError, match="takes a multiple of 2 rows but rows is 3"):
        nn.fold(block, x, 3)


def test_states_of_unlike_phase_do_not_stack():
    block = nn.Residual(nn.Conv1d(4, 4, 3, pad=(1, 1)))
    fresh, begun = (
        block.initial_state(1),
        block.step(torch.zeros(1, 5, 4), block.initial_state(1))[1],
    )
    with pytest.raises(ModelError, match=r"state 1 holds \[2, 4\] where state 0 holds \[1, 4\]"):
        nn.stack_states([fresh, begun])
    with pytest.raises(ModelError, match="no state to join; give the states of 1 stream or more"):
        nn.stack_states([])
    assert nn.select(nn.stack_states([begun, begun, begun]), [2, 0])[0].shape == (2, 2, 4)


@pytest.mark.parametrize("make", [nn.ConvNeXtBlock, lambda n: nn.Residual(nn.LSTM(n, n))])
def test_training_in_bfloat16(make):
    """Under autocast a block takes and gives rows that the next one takes, with gradients."""
    block = make(8)
    x = torch.randn(2, 12, 8)
    whole = block(x)
    with torch.autocast("cpu", torch.bfloat16):
        y = block(block(x.bfloat16()) - x)
    y.float().sum().backward()
    assert y.shape == whole.shape
    assert all(weight.grad is not None for weight in block.parameters())


@pytest.mark.parametrize(("edge", "waits"), [("replicate", 0), ("reflect", 2)])
def test_an_edge_waits_for_the_rows_that_it_is_made_of(edge, waits):
    """Repeating needs the first row; mirroring two rows of padding needs the first three."""
    block = nn.EdgeConv1d(4, 5, 3, edge=edge)
    x = torch.randn(1, 6, 4)
    state, given = block.initial_state(1), []
    for row in x.split(1, dim=1):
        y, state = block.step(row, state)
        given.append(y.shape[1])
    assert given == [0] * waits + [waits + 1] + [1] * (5 - waits)
