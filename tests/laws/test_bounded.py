"""Law 7, bounded: memory grows neither in a state nor with the length of a recording."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vocable import nn, testing
from vocable.audio import Audio

BLOCKS, CODECS = testing.blocks(), testing.codecs()


@pytest.mark.parametrize("name", BLOCKS)
def test_states_do_not_grow(name: str):
    block = BLOCKS[name]
    x = torch.randn(2, 40 * block.stride_in, 4, generator=torch.Generator().manual_seed(1))
    testing.check_state_bounded(block, x, 4 * block.stride_in)


@pytest.mark.parametrize("name", CODECS)
def test_states_of_codecs_do_not_grow(name: str):
    codec = CODECS[name]
    sound = testing.noise(codec, 1, 16 * codec.frame).transpose(1, 2)
    testing.check_state_bounded(codec.encoder, sound, 2 * codec.frame)
    with torch.no_grad():
        latents = codec.quantizer.decode(codec.to_codes(sound.transpose(1, 2)))
    testing.check_state_bounded(codec.decoder, latents, 2)


def test_files_of_any_length_take_bounded_memory(tmp_path: Path):
    codec = CODECS["speech"]
    for seconds in (20, 120):
        sound = testing.noise(codec, 1, seconds * codec.rate)[0].numpy()
        Audio(sound, codec.rate).save(tmp_path / f"{seconds}.wav")

    def there_and_back(seconds: int) -> None:
        tokens = tmp_path / f"{seconds}.vcb"
        codec.encode_to(tmp_path / f"{seconds}.wav", tokens, overwrite=True)
        codec.decode_to(tokens, tmp_path / "back.wav", overwrite=True)

    testing.check_bounded(there_and_back, 20, 120)


class KeepsAll(nn.Conv1d):
    """Carries all that ever came."""

    def step(self, x, state):
        rows = torch.cat((state, x), 1)
        return super().step(x, state[:, -self.pad[0] :])[0], rows


class KeepsViews(nn.Conv1d):
    """Carries a few rows, and with them the memory of all."""

    def step(self, x, state):
        rows = torch.cat((state, x), 1)
        y, after = super().step(x, state)
        return y, rows[:, -after.shape[1] :]


def test_broken_blocks_and_jobs_are_caught():
    x = torch.randn(2, 40, 4)
    with pytest.raises(AssertionError, match="KeepsAll: its state holds .* a stream must not grow"):
        testing.check_state_bounded(KeepsAll(4, 5, 3), x, 4)
    with pytest.raises(AssertionError, match="KeepsViews: its state keeps .* clone the rows"):
        testing.check_state_bounded(KeepsViews(4, 5, 3), x, 4)
    with pytest.raises(AssertionError, match="memory grows with length: .* for 1, .* for 40"):
        testing.check_bounded(lambda mib: np.ones(mib << 20, np.uint8).sum(), 1, 40)
