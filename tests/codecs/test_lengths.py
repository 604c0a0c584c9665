"""Law 1: decode(encode(x)) has exactly the samples, channels and rate of x."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.codecs import tiny
from vocable import testing
from vocable.audio import Audio, resampled_length
from vocable.errors import AudioError

CODECS = {
    "soundstream": tiny.soundstream(),
    "stereo": tiny.soundstream(channels=2),
    "speech": tiny.speech(),
}


@pytest.mark.parametrize("name", CODECS)
@settings(deadline=None, max_examples=12)
@given(
    samples=st.integers(1, 3000),
    channels=st.integers(1, 3),
    rate=st.sampled_from([8000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000]),
)
def test_decoding_gives_samples_channels_and_rate(name, samples, channels, rate):
    codec = CODECS[name]
    tokens = codec.encode(Audio(tiny.sound(samples, channels), rate))
    assert tokens.streams == -(-channels // codec.channels)
    audio = codec.decode(tokens)
    assert (audio.channels, len(audio), audio.rate) == (channels, samples, rate)


@settings(deadline=None, max_examples=12)
@given(samples=st.integers(1, 3000), rate=st.sampled_from([8000, 22_050, 48_000]))
def test_another_rate_gives_the_length_of_the_source_there(samples, rate):
    codec = CODECS["soundstream"]
    tokens = codec.encode(Audio(tiny.sound(samples), 16_000))
    audio = codec.decode(tokens, rate=rate)
    assert (len(audio), audio.rate) == (resampled_length(samples, 16_000, rate), rate)


def test_slices_decode_to_whole_frames_at_the_codecs_rate():
    codec = CODECS["soundstream"]
    tokens = codec.encode(Audio(tiny.sound(1000), 48_000))
    audio = codec.decode(tokens[2:7])
    assert (len(audio), audio.rate) == (5 * codec.frame, codec.rate)


def test_mixing_codes_the_mean_of_the_channels():
    codec = CODECS["soundstream"]
    both = Audio(tiny.sound(1000, 2), 8000)
    assert codec.encode(both, mix=True) == codec.encode(both.mono())
    assert codec.decode(codec.encode(both, mix=True)).channels == 1


def test_a_mono_codec_codes_each_channel_as_a_stream():
    codec = CODECS["soundstream"]
    both = tiny.sound(1000, 2)
    codes = codec.encode(both, rate=8000).codes
    for channel in range(2):
        alone = codec.encode(both[channel], rate=8000).codes[0]
        np.testing.assert_array_equal(codes[channel], alone)


def test_int16_is_scaled():
    codec = CODECS["soundstream"]
    whole = np.round(tiny.sound(1000) * 2**15).astype(np.int16)
    scaled = whole.astype(np.float32) / 2**15
    assert codec.encode(whole, rate=8000) == codec.encode(scaled, rate=8000)


ALL = testing.codecs()


@pytest.mark.parametrize("name", ALL)
def test_nothing_becomes_nothing(name):
    """Whole as in steps; only what is found in a whole recording needs one."""
    codec = ALL[name]
    nothing = torch.zeros(2, codec.channels, 0)
    if codec.spec.item_sides:
        with pytest.raises(AudioError, match="audio has 0 samples; .* in 1 or more"):
            codec.to_codes(nothing)
        return
    codes = codec.to_codes(nothing)
    in_steps = codec.model.encodes_in_steps
    stream = codec.finish_encoding(codec.start_encoding(2)) if in_steps else codes
    assert [len(levels) for levels in (codes, stream)] == [len(codec.spec.levels)] * 2
    assert {tuple(level.shape[:2]) for level in (*codes, *stream)} == {(2, 0)}
    assert {name: side.shape for name, side in codes.sides.items()} == {
        name: side.shape for name, side in stream.sides.items()
    }
    sounds = [codec.from_codes(codes)]
    if codec.model.decodes_in_steps:
        sounds.append(codec.finish_decoding(codec.start_decoding(2)))
    for found in sounds:
        assert found.shape == (2, codec.channels, 0)
