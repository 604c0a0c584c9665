"""`Audio` takes arrays, lists and tensors, refuses others by name, and cannot be changed."""

import pickle
import re

import numpy as np
import pytest
import torch

from vocable import Audio, AudioError
from vocable.audio import check_rate

RAMP = np.linspace(-0.5, 0.5, 1000, dtype=np.float32)


def test_one_dimension_is_one_channel():
    audio = Audio(RAMP, 16000)
    assert audio.samples.shape == (1, 1000)
    assert (audio.channels, len(audio), audio.seconds) == (1, 1000, 0.0625)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("int8", -(2**7), 2**7 - 1), ("int16", -(2**15), 2**15 - 1), ("int32", -(2**31), 2**31 - 1)],
)
def test_integers_are_scaled_by_their_full_scale(kind, low, high):
    samples = Audio(np.array([low, 0, high // 2 + 1, high], dtype=kind), 8000).samples
    np.testing.assert_allclose(samples, [[-1, 0, 0.5, 1]], atol=0.008)
    assert samples.dtype == np.float32
    assert samples[0, 0] == -1


def test_uint8_is_centred():
    samples = Audio(np.array([0, 128, 255], dtype=np.uint8), 8000).samples
    np.testing.assert_allclose(samples, [[-1, 0, 127 / 128]])


def test_a_tensor_is_detached():
    tensor = torch.tensor([[0.25, -0.25]], dtype=torch.bfloat16, requires_grad=True)
    np.testing.assert_array_equal(Audio(tensor, 16000).samples, [[0.25, -0.25]])


def test_six_channels_and_one_sample_are_audio():
    assert Audio(np.zeros((6, 1)), 48000).channels == 6
    assert Audio(np.zeros((2, 0)), 48000).seconds == 0


@pytest.mark.parametrize("shape", [(16000, 2), (9, 1), (100, 8)])
def test_samples_by_channels_is_refused_as_transposed(shape):
    with pytest.raises(AudioError, match=r"looks like \[samples, channels\]; pass its transpose"):
        Audio(np.zeros(shape), 16000)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (np.zeros((2, 1, 100)), r"got \[2, 1, 100\]; take one item"),
        (np.float32(1), r"got \[\]"),
        (np.zeros((0, 100)), "0 channels; 1 to 256"),
        (np.zeros((300, 1000)), "300 channels; 1 to 256"),
        (np.zeros(10, dtype=np.int64), "int64 has no known full scale; pass floats"),
        (np.zeros(10, dtype=complex), "complex128 has no known full scale"),
        ([[1.0, 2.0], [3.0]], r"must be \[samples\] or \[channels, samples\]"),
        ("speech.flac", r"got the path speech.flac; use Audio.read\(path\)"),
    ],
)
def test_other_types_and_shapes_are_refused(data, match):
    with pytest.raises(AudioError, match=match):
        Audio(data, 16000)


@pytest.mark.parametrize("rate", [0, -16000, 16000.5, "16000", None, True, 999, 768_001, np.nan])
def test_an_impossible_rate_is_refused(rate):
    with pytest.raises(AudioError, match=f"from 1000 to 768000, got {re.escape(repr(rate))}"):
        check_rate(rate)


def test_a_whole_rate_is_an_int():
    assert [type(check_rate(rate)) for rate in (16000, 16000.0, np.int64(16000))] == [int] * 3
    with pytest.raises(AudioError, match="from 1000 to 768000, got -1"):
        Audio(RAMP, -1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite_is_refused_with_its_position(value):
    samples = np.zeros((2, 16000), np.float32)
    samples[1, 4000:] = value
    with pytest.raises(AudioError, match=rf"sample 4000 \(0.250 s\) of channel 1 is {value}"):
        Audio(samples, 16000)


def test_it_cannot_be_changed_neither_itself_nor_through_its_source():
    source = RAMP.copy()
    audio = Audio(source, 16000)
    source[:] = 1
    assert audio.samples[0, 0] == -0.5
    with pytest.raises(ValueError, match="read-only"):
        audio.samples[0, 0] = 1
    with pytest.raises(AttributeError):
        audio.rate = 8000
    assert source.flags.writeable


def test_a_tensor_or_a_slice_is_copied():
    tensor, row = torch.zeros(1, 10), np.zeros((3, 10), np.float32)
    audios = [Audio(tensor, 8000), Audio(row[1], 8000)]
    tensor += 1
    row += 1
    assert all(audio.samples.max() == 0 for audio in audios)


def test_read_only_samples_are_not_copied():
    source = RAMP[None].copy()
    source.flags.writeable = False
    assert np.shares_memory(Audio(source, 16000).samples, source)


def test_equality_hash_and_pickle():
    audio = Audio(RAMP, 16000)
    again = pickle.loads(pickle.dumps(audio))
    assert again == audio and hash(again) == hash(audio)
    assert not again.samples.flags.writeable
    assert audio != Audio(RAMP, 8000)
    assert audio != Audio(-RAMP, 16000)
    assert audio != "speech"


def test_mono_is_the_mean():
    audio = Audio(np.stack([RAMP, -RAMP, RAMP]), 16000)
    np.testing.assert_allclose(audio.mono().samples[0], RAMP / 3, atol=1e-7)
    assert audio.mono().mono() == audio.mono()


def test_numpy_sees_the_samples():
    audio = Audio(RAMP, 16000)
    assert np.shares_memory(np.asarray(audio), audio.samples)
    assert np.asarray(audio, dtype=np.float64).dtype == np.float64
    copy = np.array(audio)
    copy[:] = 0
    assert audio.samples.any()


def test_repr_is_short():
    assert repr(Audio(np.zeros((2, 16000)), 16000)) == "Audio(1.00 s, 2 channels, 16000 Hz)"
