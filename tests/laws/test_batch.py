"""Law 3, batch == singles: neighbours, place and padding (even NaN) do not change an item."""

import pytest
import torch

from vocable import nn, testing
from vocable.audio import Audio

BLOCKS, TOKENIZERS = testing.blocks(), testing.tokenizers()
every_block = pytest.mark.parametrize("name", BLOCKS)


def rows(block: nn.Block, strides: int, batch: int = 4) -> torch.Tensor:
    time = block.stride_in * strides
    return torch.randn(batch, time, 4, generator=torch.Generator().manual_seed(1))


@every_block
def test_batch_equals_singles(name: str):
    block = BLOCKS[name]
    testing.check_batch_equals_singles(block, rows(block, 16))


@every_block
@pytest.mark.parametrize("strides", [8, 11])
def test_rows_join_and_leave(name: str, strides: int):
    block = BLOCKS[name]
    testing.check_rows_join_and_leave(block, rows(block, 20), strides * block.stride_in)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_recordings_equal_singles(name: str):
    codec = TOKENIZERS[name]
    lengths = (3 * codec.frame, 1, 3 * codec.frame, 5 * codec.frame + 9)
    recordings = [Audio(testing.voice(codec, 1, n)[0].numpy(), codec.rate) for n in lengths]
    testing.check_recordings_equal_singles(codec, recordings)


class NormsTheBatch(nn.Linear):
    """Lets its neighbours set the scale."""

    def forward(self, x):
        return super().forward(x / x.std())


class NormsTime(nn.Linear):
    """Lets padding into its statistics, though it claims to look nowhere."""

    def forward(self, x):
        return super().forward(x - x.mean(1, keepdim=True))


class KeepsRowsInPlace(nn.Conv1d):
    """Keeps its history in the module, where rows cannot be told apart."""

    def initial_state(self, batch):
        return torch.zeros(batch, 0)

    def step(self, x, state):
        held = getattr(self, "held", None)
        held = super().initial_state(len(x)) if held is None or len(held) != len(x) else held
        y, self.held = super().step(x, held)
        return y, state


def test_broken_blocks_are_caught():
    with pytest.raises(AssertionError, match="NormsTheBatch, item 0 of 4 against itself alone"):
        block = NormsTheBatch(4, 4)
        testing.check_batch_equals_singles(block, rows(block, 16))
    with pytest.raises(AssertionError, match="NormsTime, 8 rows padded with 8 rows of NaN"):
        block = NormsTime(4, 4)
        testing.check_batch_equals_singles(block, rows(block, 16))
    with pytest.raises(AssertionError, match=r"KeepsRowsInPlace, 4 streams, after 8 rows"):
        block = KeepsRowsInPlace(4, 4, 3)
        block.finish = lambda state: torch.zeros(4, 0, 4)
        testing.check_rows_join_and_leave(block, rows(block, 16), 8)
