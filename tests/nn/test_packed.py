"""Weights in the kernels' own order give what plain products give, and are never out of date."""

import copy
import pickle

import pytest
import torch
import torch.nn.functional as F

from vocable import nn
from vocable.codecs import Codec
from vocable.codecs.soundstream import SoundStream
from vocable.nn import packed
from vocable.nn.packed import PackedWeight
from vocable.nn.transposed import to_torch
from vocable.testing import voice
from vocable.testing.block_examples import seeded
from vocable.testing.tiny_configs import soundstream_tiny

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


def held(block):
    """Give a block what a session gives its own, and return it."""
    block.packed = PackedWeight()
    return block.eval()


def packs(block) -> bool:
    return bool(block.packed._made)


@needs_kernels
@pytest.mark.parametrize("rows", [9, 30, 600])
@pytest.mark.parametrize("name", WIDE)
def test_products_are_those_of_the_weight(name, rows):
    block = held(WIDE[name]())
    x = torch.randn(2, rows, block.weight.shape[1])
    with torch.inference_mode():
        y = block(x)
    assert packs(block) or rows == 600
    torch.testing.assert_close(y.double(), plain(block, x), rtol=1e-5, atol=1e-5)


@needs_kernels
def test_one_channel_by_itself_takes_few_rows_after_many():
    """Many rows make a matrix of its weight, few rows take its taps: neither is for the other."""
    block = held(nn.DepthwiseConv1d(1, 7))
    for rows in (3000, 9, 3000):
        x = torch.randn(1, rows, 1)
        with torch.inference_mode():
            y = block(x)
        padded = F.pad(x.transpose(1, 2), block.pad)
        wanted = F.conv1d(padded, block.weight, block.bias).transpose(1, 2)
        torch.testing.assert_close(y, wanted, rtol=1e-5, atol=1e-5)
    assert len(block.packed._made) == 2


@needs_kernels
def test_a_changed_weight_is_seen():
    block, x = held(nn.Linear(512, 384)), torch.randn(1, 20, 512)

    def agree():
        with torch.inference_mode():
            torch.testing.assert_close(block(x).double(), plain(block, x), rtol=1e-5, atol=1e-4)

    agree()
    with torch.no_grad():
        block.weight.mul_(2)
    agree()
    block.weight.data = torch.randn(384, 512)
    agree()
    block.weight.data = torch.randn(512, 384).t()
    agree()
    block.weight = torch.nn.Parameter(torch.randn(256, 512))
    block.bias = None
    agree()
    for leaves_no_trace in (block.weight.data.neg_, lambda: fused_step(block, x)):
        leaves_no_trace()
        block.packed.look_again()
        agree()


def fused_step(block, x):
    optimizer = torch.optim.AdamW(block.parameters(), lr=0.1, fused=True)
    block(x).square().sum().backward()
    optimizer.step()


@needs_kernels
def test_a_codec_follows_the_weights_that_it_shares(monkeypatch):
    monkeypatch.setattr(packed, "LARGE", 1)
    model = seeded(lambda: SoundStream(soundstream_tiny()))
    codec = Codec(model)
    x = voice(codec, 2, 20 * codec.frame)
    before = codec.to_codes(x)
    assert any(packs(m) for m in codec._session.model.modules() if hasattr(m, "packed"))
    assert not any(getattr(m, "packed", None) for m in model.modules())
    for weight in (*model.encoder.parameters(), *model.quantizer.state_dict().values()):
        weight.data.mul_(-3)
    codes = codec.to_codes(x)
    assert not all(torch.equal(a, b) for a, b in zip(codes, before, strict=True))
    fresh = Codec(model).to_codes(x)
    assert all(torch.equal(a, b) for a, b in zip(codes, fresh, strict=True))


@needs_kernels
def test_nothing_is_packed_outside_of_inference_mode():
    block, x = held(nn.Linear(512, 384)), torch.randn(1, 20, 512)
    block(x).sum().backward()
    with torch.no_grad():
        block(x)
    assert not packs(block)
    with torch.inference_mode(), torch.backends.mkldnn.flags(enabled=False):
        block(x)
    assert not packs(block)


@needs_kernels
def test_copies_and_files_have_none():
    block, x = held(nn.Linear(512, 384)), torch.randn(1, 20, 512)
    with torch.inference_mode():
        wanted = block(x)
        for other in (copy.deepcopy(block), pickle.loads(pickle.dumps(block))):
            assert not packs(other)
            torch.testing.assert_close(other(x), wanted)
    assert set(block.state_dict()) == {"weight", "bias"}


@needs_kernels
def test_other_precisions():
    x = torch.randn(1, 20, 512)
    block = held(nn.Linear(512, 384))
    with torch.inference_mode():
        wanted = block(x)
        with torch.autocast("cpu", torch.bfloat16):
            lowered = block(x)
        assert lowered.dtype == torch.bfloat16
        torch.testing.assert_close(lowered.float(), wanted, rtol=0.03, atol=0.03)
        torch.testing.assert_close(block(x), wanted, rtol=0, atol=0)
        block.double()
        torch.testing.assert_close(block(x.double()).float(), wanted)
        with torch.autocast("cpu", torch.bfloat16):
            assert block(x.double()).dtype == F.linear(x.double(), block.weight).dtype
        half = block.bfloat16()(x.bfloat16())
    torch.testing.assert_close(half.float(), wanted, rtol=0.03, atol=0.03)


@needs_kernels
@pytest.mark.parametrize(
    "x", [torch.ones(1, 20, 512).double(), torch.ones(1, 20, 512).long(), torch.ones(1, 20, 511)]
)
def test_what_torch_refuses_is_left_to_torch(x):
    block = held(nn.Linear(512, 384))
    with torch.inference_mode():
        assert block.packed.product(x, block.weight, block.bias) is None


def test_small_weights_stay_as_they_are():
    block = held(nn.Linear(64, 64))
    with torch.inference_mode():
        block(torch.randn(1, 20, 64))
    assert not packs(block)


def test_without_the_kernels_products_are_plain(monkeypatch):
    monkeypatch.setattr(packed, "_works", lambda dtype: False)
    block, x = held(nn.Conv1d(128, 256, 8)), torch.randn(1, 20, 128)
    with torch.inference_mode():
        torch.testing.assert_close(block(x).double(), plain(block, x), rtol=1e-5, atol=1e-5)
    assert not packs(block)
