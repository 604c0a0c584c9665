"""Blocks make what they need where their weights are, and in the weights' precision."""

import pytest
import torch

from vocable import nn, testing
from vocable.testing.block_examples import block_named

BLOCKS = testing.blocks()
every_block = pytest.mark.parametrize("name", BLOCKS)


def switches_autocast_off(block: nn.Block) -> bool:
    """Say whether it does so for eight rows; autocast does not know the meta device."""
    dilated = isinstance(block, nn.DepthwiseConv1d) and block.span > 16  # not by windows
    return dilated or any(isinstance(part, nn.LSTM) for part in block.modules())


@pytest.mark.parametrize("name", [n for n, b in BLOCKS.items() if not switches_autocast_off(b)])
def test_nothing_is_made_on_another_device(name):
    """The meta device stands for any other: it refuses to meet a tensor of the CPU."""
    block = block_named(name).to("meta")
    x = torch.zeros(2, 8 * block.stride_in, 4, device="meta")
    state = nn.select(nn.stack_states([block.initial_state(1), block.initial_state(1)]), [1, 0])
    outputs = [block(x)]
    for _ in range(2):
        y, state = block.step(x, state)
        outputs.append(y)
    rest = block.finish(state)
    outputs += [rest] if rest.numel() else []
    assert {y.device.type for y in outputs} == {"meta"}


@every_block
def test_steps_equal_whole_to_the_last_digits_in_double(name):
    block = block_named(name).double()
    x = torch.randn(2, 12 * block.stride_in, 4, dtype=torch.float64)
    sizes = [block.stride_in * n for n in (1, 4, 2)]
    testing.check_steps_equal_whole(block, x, sizes, atol=1e-12)
    assert block(x).dtype == torch.float64


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_weights_of_less_precision(precision):
    block = nn.Stack(nn.Conv1d(4, 8, 3), nn.ConvNeXtBlock(8), nn.ConvTranspose1d(8, 4, 4, stride=2))
    x = torch.randn(2, 16, 4)
    low = block.to(precision)(x.to(precision))
    assert low.dtype == precision
    torch.testing.assert_close(low.float(), block.float()(x), atol=0.05, rtol=0.05)
