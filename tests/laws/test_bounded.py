"""Law 7, bounded: memory grows neither in a state nor with the length of a recording."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vocable import nn, testing
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.soundstream import SoundStream
from vocable.testing.tiny_configs import soundstream_tiny

BLOCKS, CODECS = testing.blocks(), testing.codecs()


@pytest.mark.parametrize("name", BLOCKS)
def test_states_do_not_grow(name: str):
    block = BLOCKS[name]
    x = torch.randn(2, 40 * block.stride_in, 4, generator=torch.Generator().manual_seed(1))
    testing.check_state_bounded(block, x, 4 * block.stride_in)


@pytest.mark.parametrize("name", CODECS)
def test_states_of_streams_do_not_grow(name: str):
    codec = CODECS[name]
    frames = 32 * max(2, codec.model.frames_together)
    testing.check_streams_bounded(codec, testing.voice(codec, 1, frames * codec.frame), codec.frame)


@pytest.mark.alone
def test_files_of_any_length_take_bounded_memory(tmp_path: Path):
    codec = CODECS["speech"]
    second = testing.voice(codec, 1, codec.rate)[0].numpy()
    for seconds in (60, 360):  # the first fills all tiles; one more copy is over what is allowed
        Audio(np.tile(second, seconds), codec.rate).save(tmp_path / f"{seconds}.wav")

    def there_and_back(seconds: int) -> None:
        tokens = tmp_path / f"{seconds}.vcb"
        codec.encode_to(tmp_path / f"{seconds}.wav", tokens, overwrite=True)
        codec.decode_to(tokens, tmp_path / "back.wav", overwrite=True)

    testing.check_bounded(there_and_back, 60, 360)


class KeepsAll(nn.Conv1d):
    """Carries all that ever came."""

    def step(self, x, state):
        rows = torch.cat((state, x), 1)
        return super().step(x, state[:, -self.pad[0] :])[0], rows


class NeverForgets(Codec):
    """Keeps a row more of every block."""

    def encode_step(self, block, state):
        codes, after = super().encode_step(block, state)
        rows = state.latents.shape[1] + 1
        return codes, replace(after, latents=torch.zeros(len(block), rows, 8))


class KeepsViews(nn.Conv1d):
    """Carries a few rows, and with them the memory of all."""

    def step(self, x, state):
        rows = torch.cat((state, x), 1)
        y, after = super().step(x, state)
        return y, rows[:, -after.shape[1] :]


def hoard(mebibytes: int) -> None:
    """Hold memory for longer than a busy machine needs to look."""
    block = np.ones(mebibytes << 20, np.uint8)
    time.sleep(0.1)
    assert block.any()


def test_broken_blocks_and_jobs_are_caught():
    x = torch.randn(2, 40, 4)
    with pytest.raises(AssertionError, match="KeepsAll: its state holds .* a stream must not grow"):
        testing.check_state_bounded(KeepsAll(4, 5, 3), x, 4)
    with pytest.raises(AssertionError, match="KeepsViews: its state keeps .* clone the rows"):
        testing.check_state_bounded(KeepsViews(4, 5, 3), x, 4)
    with pytest.raises(
        AssertionError, match="soundstream, encoding: its state holds .* must not grow"
    ):
        codec = NeverForgets(SoundStream(soundstream_tiny()))
        testing.check_streams_bounded(codec, torch.zeros(1, 1, 200), 16)
    with pytest.raises(AssertionError, match="memory grows with length: .* for 1, .* for 40"):
        testing.check_bounded(hoard, 1, 40)
