"""Law 4, nested: the first n levels are what encoding with n gives, and decode by themselves."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vocable import testing
from vocable.audio import Audio
from vocable.quantize import ResidualVQ

QUANTIZERS = testing.quantizers()
CODECS = testing.codecs()


def latents(batch: int, frames: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(batch, frames, 6, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", QUANTIZERS)
@given(batch=st.integers(1, 3), steps=st.integers(1, 40), seed=st.integers(0, 999))
def test_quantizers_are_nested(name: str, batch: int, steps: int, seed: int):
    frames = steps * math.lcm(*QUANTIZERS[name].strides)
    testing.check_nested(QUANTIZERS[name], latents(batch, frames, seed))


@pytest.mark.parametrize("name", CODECS)
def test_codecs_own_quantizers_are_nested(name: str):
    codec = CODECS[name]
    sound = testing.voice(codec, 2, 12 * codec.frame)
    with torch.no_grad():
        latents = codec.model.encoder(sound.transpose(1, 2).contiguous())
    testing.check_nested(codec.model.quantizer, latents)


@pytest.mark.parametrize("name", CODECS)
def test_codecs_are_nested(name: str):
    codec = CODECS[name]
    sound = testing.voice(codec, 1, max(1, 5 * codec.frame - 7))[0].numpy()
    testing.check_prefixes(codec, Audio(sound, codec.rate))


class SearchesBackwards(ResidualVQ):
    """Gives the finest level first, so no prefix is of use."""

    def encode(self, z, levels=None):
        return super().encode(z, levels).flip(1)


class TakesAnyNumber(ResidualVQ):
    """Forgets what it has learned to decode."""

    def wanted_levels(self, levels):
        return len(self.levels) if levels is None else min(max(levels, 1), len(self.levels))


class DecodesAnyNumber(ResidualVQ):
    """Trusts whatever codes come."""

    def decode(self, codes):
        return self.decode_checked(codes) if codes.shape[1] else codes.new_zeros(())


def test_broken_quantizers_are_caught():
    with pytest.raises(AssertionError, match="SearchesBackwards, codes of 1 of 3 levels"):
        testing.check_nested(SearchesBackwards(6, (16,) * 3).eval(), latents(2, 20))
    with pytest.raises(AssertionError, match=r"encodes 0 levels, though prefixes are \(2, 4\)"):
        testing.check_nested(TakesAnyNumber(6, (16,) * 4, prefixes=(2, 4)).eval(), latents(1, 9))
    with pytest.raises(AssertionError, match=r"decodes 0 levels, though prefixes are \(2, 4\)"):
        testing.check_nested(DecodesAnyNumber(6, (16,) * 4, prefixes=(2, 4)).eval(), latents(1, 9))
