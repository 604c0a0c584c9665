"""Law 2, whole == steps: `cat(step outputs ..., finish) == block(x)`, in value and gradient."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vocable import nn, testing
from vocable.codecs.codes import as_codes

BLOCKS, CODECS, TOKENIZERS = testing.blocks(), testing.codecs(), testing.tokenizers()
# the others take statistics over time, or look over all of it, so that they have no steps
STEPPED = [
    *((name, "encoder") for name in CODECS.names(lambda c: c.model.encoder.lookahead is not None)),
    *((name, "decoder") for name in CODECS.names(lambda c: c.model.decoder.lookahead is not None)),
]
every_block = pytest.mark.parametrize("name", BLOCKS)
# multiples of the block's stride: none, one, several, more than the input holds
SIZES = st.lists(st.sampled_from([0, 1, 1, 2, 3, 7, 40]), max_size=5)


def rows(block: nn.Block, strides: int = 12, batch: int = 2) -> torch.Tensor:
    time = block.stride_in * strides
    return torch.randn(batch, time, 4, generator=torch.Generator().manual_seed(1))


@every_block
@given(strides=st.integers(0, 30), sizes=SIZES)
def test_steps_equal_whole(name: str, strides: int, sizes: list[int]):
    block = BLOCKS[name]
    sizes = [size * block.step_in for size in sizes]
    testing.check_steps_equal_whole(block, rows(block, strides), sizes)


@pytest.mark.parametrize("name", [name for name in BLOCKS if BLOCKS[name].ragged])
@given(strides=st.integers(0, 9), more=st.integers(0, 7), sizes=SIZES)
def test_steps_equal_whole_where_input_ends_inside_a_stride(name, strides, more, sizes):
    block = BLOCKS[name]
    x = torch.randn(2, strides * block.stride_in + more % block.stride_in, 4)
    testing.check_steps_equal_whole(block, x, [size * block.stride_in for size in sizes])
    whole_steps = -(-x.shape[1] // block.step_in)
    short = block.short if whole_steps else 0
    assert block(x).shape[1] == whole_steps * block.step_in * block.ratio - short


@every_block
def test_old_state_unharmed(name: str):
    block = BLOCKS[name]
    testing.check_old_state_unharmed(block, rows(block), 4 * block.stride_in)


@every_block
def test_lookahead_is_exact(name: str):
    block = BLOCKS[name]
    testing.check_lookahead(block, rows(block, strides=40))


@pytest.mark.parametrize("name", TOKENIZERS)
@settings(max_examples=settings().max_examples // 2)
@given(samples=st.integers(1, 4 * 640), sizes=st.lists(st.integers(0, 900), max_size=5))
def test_streams_equal_whole(name: str, samples: int, sizes: list[int]):
    codec = TOKENIZERS[name]
    testing.check_streams_equal_whole(codec, testing.voice(codec, 2, samples), sizes)


def part_and_input(name: str, part: str, frames: int) -> tuple[nn.Block, torch.Tensor]:
    """Return a codec's encoder or decoder, and what it takes for so many frames, or some more."""
    model = CODECS[name].model
    frames += -frames % math.lcm(model.frames_together, model.frames_decoded_together)
    sound = testing.voice(CODECS[name], 2, frames * model.spec.frame).transpose(1, 2)
    if part == "encoder":
        return model.encoder, sound
    with torch.no_grad():
        z, sides = model.latents_and_sides(sound.transpose(1, 2))
        codes = as_codes(model.quantizer.encode(z))
        return model.decoder, model.condition(model._latents(codes), sides)


@pytest.mark.parametrize(("name", "part"), STEPPED)
def test_parts_of_codecs_obey_the_laws_of_blocks(name: str, part: str):
    block, x = part_and_input(name, part, 12)
    sizes = [size * block.step_in for size in (1, 0, 3, 2)]
    testing.check_steps_equal_whole(block, x, sizes, atol=1e-4)
    testing.check_old_state_unharmed(block, x, 4 * block.stride_in)
    testing.check_batch_equals_singles(block, x, atol=1e-4)


@pytest.mark.parametrize(("name", "part"), STEPPED)
def test_lookahead_of_codecs_is_exact(name: str, part: str):
    model = CODECS[name].model
    ahead = getattr(model, part).lookahead
    frames = ahead if part == "decoder" else -(-ahead // model.spec.frame)
    testing.check_lookahead(*part_and_input(name, part, 12 + frames))


class ForgetsItsPast(nn.Conv1d):
    """Starts every step from silence."""

    def step(self, x, state):
        return super().step(x, self.initial_state(len(x)))


class WritesInPlace(nn.Conv1d):
    """Moves its history inside the state it was given."""

    def step(self, x, state):
        y, after = super().step(x, state)
        state.copy_(after)
        return y, state


class DetachesItsPast(nn.Conv1d):
    """Gives the right values and the wrong gradients."""

    def step(self, x, state):
        y, after = super().step(x, state)
        return y, after.detach()


class UnderstatesItsLookahead(nn.Conv1d):
    def __init__(self):
        super().__init__(4, 4, 5, pad=(2, 2))
        self.lookahead = 1


class OverstatesItsLookahead(nn.Conv1d):
    def __init__(self):
        super().__init__(4, 4, 5, pad=(2, 2))
        self.lookahead = 3


class WithholdsTooMuch(nn.Conv1d):
    """Keeps every output for the end."""

    def step(self, x, state):
        return x.new_zeros(len(x), 0, 5), torch.cat((state, x), 1)


def test_broken_blocks_are_caught():
    with pytest.raises(
        AssertionError, match=r"ForgetsItsPast in steps of \[3\], output: .* row 3 of 12"
    ):
        block = ForgetsItsPast(4, 5, 3)
        testing.check_steps_equal_whole(block, rows(block), [3])
    with pytest.raises(AssertionError, match="gradient of its input: differs first in row 1 of 12"):
        block = DetachesItsPast(4, 5, 3)
        testing.check_steps_equal_whole(block, rows(block), [3])
    with pytest.raises(AssertionError, match="WritesInPlace, a state used again after 3 rows"):
        block = WritesInPlace(4, 5, 3)
        testing.check_old_state_unharmed(block, rows(block), 3)
    with pytest.raises(AssertionError, match=r"lookahead 1\), NaN from row 2 on"):
        block = UnderstatesItsLookahead()
        testing.check_lookahead(block, rows(block))
    with pytest.raises(AssertionError, match="no output waits for 3 rows"):
        block = OverstatesItsLookahead()
        testing.check_lookahead(block, rows(block))
    with pytest.raises(AssertionError, match="gives 0 rows after 1 input rows, of which 1"):
        block = WithholdsTooMuch(4, 5, 3)
        testing.check_lookahead(block, rows(block))
