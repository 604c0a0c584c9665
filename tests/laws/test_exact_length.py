"""Law 1, exact length: tokens that know their source decode to its samples, channels and rate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocable import testing
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.soundstream import SoundStream
from vocable.testing.tiny_configs import soundstream_tiny

CODECS = testing.codecs()


def sound(codec: Codec, samples: int, streams: int, rate: int) -> Audio:
    random = np.random.default_rng(samples)
    shape = (codec.channels * streams, samples)
    return Audio(random.uniform(-0.5, 0.5, shape).astype(np.float32), rate)


@pytest.mark.parametrize("name", CODECS)
@settings(max_examples=settings().max_examples // 2)
@given(
    samples=st.integers(1, 2000),
    streams=st.integers(1, 2),
    rate=st.sampled_from([8000, 11_025, 16_000, 44_100]),
)
def test_length_is_exact(name: str, samples: int, streams: int, rate: int):
    codec = CODECS[name]
    testing.check_exact_length(codec, sound(codec, samples, streams, rate))


class DecodesWholeFrames(Codec):
    """Gives what the decoder gives, as many codecs do."""

    def decode(self, tokens, *, rate=None, trust_space=False):
        return Audio(self.from_codes(tokens.to_torch())[0].numpy(), self.rate)


def test_broken_codec_is_caught():
    codec = DecodesWholeFrames(SoundStream(soundstream_tiny()))
    with pytest.raises(
        AssertionError, match="1 channels of 100 samples at 8000 Hz come back as 1 of 112"
    ):
        testing.check_exact_length(codec, sound(codec, 100, 1, 8000))
