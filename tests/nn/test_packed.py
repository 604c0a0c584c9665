"""Weights in the kernels' own order give what plain products give, and are never out of date."""

import copy
import pickle

import pytest
import torch
import torch.nn.functional as F

from vocable import nn
from vocable.nn import packed
from vocable.nn.packed import PackedWeight
from vocable.nn.transposed import to_torch

WIDE = {
    "linear": lambda: nn.Linear(512, 384),
    "without a bias": lambda: nn.Linear(512, 384, bias=False),
    "convolution": lambda: nn.Conv1d(128, 256, 8, stride=3),
    "dilated": lambda: nn.Conv1d(192, 256, 3, dilation=2),
    "transposed": lambda: nn.ConvTranspose1d(256, 96, 6, stride=3),
}
needs_kernels = pytest.mark.skipif(
    not packed._works(torch.float32), reason="torch has no packed products here"
)


def plain(block, x):
    """The block's function by torch's own operations, in double precision."""
    x, weight = x.double(), block.weight.detach().double()
    bias = None if block.bias is None else block.bias.detach().double()
    if isinstance(block, nn.Linear):
        return F.linear(x, weight, bias)
    x = x.transpose(1, 2)
    if isinstance(block, nn.Conv1d):
        y = F.conv1d(F.pad(x, block.pad), weight, bias, block.stride, 0, block.dilation)
    else:
        y = F.conv_transpose1d(x, to_torch(weight, block.stride), bias, block.stride)
        y = y[..., : x.shape[2] * block.stride]
    return y.transpose(1, 2)


def packs(block) -> bool:
    return block._packed._made is not None


@needs_kernels
@pytest.mark.parametrize("rows", [4, 9, 30, 600])
@pytest.mark.parametrize("name", WIDE)
def test_products_are_those_of_the_weight(name, rows):
    block = WIDE[name]().eval()
    x = torch.randn(2, rows, block.weight.shape[1])
    with torch.inference_mode():
        y = block(x)
    assert packs(block) or rows == 600
    torch.testing.assert_close(y.double(), plain(block, x), rtol=1e-5, atol=1e-5)


@needs_kernels
def test_a_changed_weight_is_seen():
    block, x = nn.Linear(512, 384).eval(), torch.randn(1, 20, 512)
    with torch.no_grad():
        before = block(x)
        block.weight.mul_(2)
        torch.testing.assert_close(block(x) - block.bias, 2 * (before - block.bias))
        block.weight.data = torch.zeros(384, 512)
        assert (block(x) == block.bias).all()
        block.train()
        block.weight.data.fill_(1)  # leaves no trace
        block.eval()
        torch.testing.assert_close(block(x)[0, 0], x[0, 0].sum() + block.bias)


@needs_kernels
def test_it_stays_out_of_training_files_and_copies():
    block, x = nn.Linear(512, 384).eval(), torch.randn(1, 20, 512)
    block(x).sum().backward()
    assert not packs(block) and block.weight.grad is not None
    with torch.inference_mode():
        wanted = block(x)
        assert packs(block)
        for other in (copy.deepcopy(block), pickle.loads(pickle.dumps(block))):
            assert not packs(other)
            torch.testing.assert_close(other(x), wanted)
    assert set(block.state_dict()) == {"weight", "bias"}


@needs_kernels
def test_other_precisions():
    x = torch.randn(1, 20, 512)
    block = nn.Linear(512, 384).eval()
    with torch.inference_mode():
        wanted = block(x)
        with torch.autocast("cpu", torch.bfloat16):
            lowered = block(x)
        assert lowered.dtype == torch.bfloat16
        torch.testing.assert_close(lowered.float(), wanted, rtol=0.03, atol=0.03)
        torch.testing.assert_close(block(x), wanted, rtol=0, atol=0)
        torch.testing.assert_close(block.double()(x.double()).float(), wanted)
        half = block.bfloat16()(x.bfloat16())
    torch.testing.assert_close(half.float(), wanted, rtol=0.03, atol=0.03)


def test_small_weights_stay_as_they_are():
    block = nn.Linear(64, 64).eval()
    with torch.inference_mode():
        block(torch.randn(1, 20, 64))
    assert not packs(block)


def test_without_the_kernels_products_are_plain(monkeypatch):
    monkeypatch.setattr(packed, "_works", lambda dtype: False)
    block, x = nn.Conv1d(128, 256, 8).eval(), torch.randn(1, 20, 128)
    with torch.inference_mode():
        torch.testing.assert_close(block(x).double(), plain(block, x), rtol=1e-5, atol=1e-5)
    assert not packs(block)
    with torch.no_grad():
        assert PackedWeight().of(block.weight, 20) is None
