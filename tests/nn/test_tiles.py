"""Long input is stepped in tiles: the same output and state, no large activation, few calls."""

import pytest
import torch

from vocable import nn
from vocable.nn import block as stacks
from vocable.nn import tiles
from vocable.testing.block_examples import block_named, blocks, seeded
from vocable.testing.compare import check_rows_equal

STACKS = [name for name, made in blocks().items() if isinstance(made, nn.Stack)]


def up_and_down() -> nn.Stack:
    """Down by 4, up by 4 again: 8 channels at the low rate, 4 at the high one; stacks inside."""
    return nn.Stack(
        nn.Stack(nn.Conv1d(1, 4, 3), nn.ELU(), nn.Conv1d(4, 4, 4, stride=2)),
        nn.Residual(nn.Conv1d(4, 4, 3)),
        nn.Conv1d(4, 8, 4, stride=2),
        nn.Stack(nn.ConvTranspose1d(8, 4, 8, stride=4), nn.Residual(nn.Conv1d(4, 4, 3))),
        nn.Conv1d(4, 1, 3),
    )


@pytest.fixture
def small_tiles(monkeypatch):
    """Cut activations of more than 128 values, but for members with fewer than 4 rows."""
    monkeypatch.setattr(stacks, "MANY", 0)
    monkeypatch.setattr(tiles, "VALUES", 64)
    monkeypatch.setattr(tiles, "FEWEST", 4)


def rows_seen(stack: nn.Stack, monkeypatch) -> list[tuple[int, int]]:
    """Note the rows and the channels of every step of a convolution from now on."""
    found = []
    step = nn.Conv1d.step

    def noted(self, x, state, *before):
        found.append(tuple(x.shape[1:]))
        return step(self, x, state, *before)

    monkeypatch.setattr(nn.Conv1d, "step", noted)
    return found


@pytest.mark.parametrize("name", STACKS)
def test_tiles_change_neither_output_nor_state(name, small_tiles, monkeypatch):
    stack = block_named(name)
    x = torch.randn(2, 10 * stack.step_in * stack.stride_in, 4)
    y, state = stack.step(x, stack.initial_state(2))
    monkeypatch.setattr(stacks, "MANY", float("inf"))
    wanted, plain = stack.step(x, stack.initial_state(2))
    check_rows_equal("tiles", y, wanted)
    check_rows_equal("rest", stack.finish(state), stack.finish(plain))


def test_activations_stay_small_where_rows_are_many(small_tiles, monkeypatch):
    stack = seeded(up_and_down)
    seen = rows_seen(stack, monkeypatch)
    y, _ = stack.step(torch.randn(1, 800, 1), stack.initial_state(1))
    assert y.shape == (1, 800, 1)
    assert max(rows * channels for rows, channels in seen) <= 128
    assert min(rows for rows, channels in seen) >= 4


def test_members_with_few_rows_take_all_of_them_at_once(small_tiles, monkeypatch):
    monkeypatch.setattr(tiles, "FEWEST", 100)
    stack = seeded(up_and_down)
    seen = rows_seen(stack, monkeypatch)
    stack.step(torch.randn(1, 300, 1), stack.initial_state(1))
    assert seen[:4] == [(300, 1), (300, 4), (150, 4), (150, 4)]


def test_short_input_is_not_cut(monkeypatch):
    def fail(*_):
        raise AssertionError("a short step was cut")

    monkeypatch.setattr(stacks, "step_in_tiles", fail)
    stack = seeded(up_and_down)
    stack.step(torch.randn(1, 400, 1), stack.initial_state(1))
