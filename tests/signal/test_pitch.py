"""Pitch is right for harmonics and glides at any level, and absent in noise and silence."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vocable.signal.pitch import (
    CONTEXT,
    HIGHEST,
    LOWEST,
    REFERENCE,
    TILE,
    from_octaves,
    pitch,
    to_octaves,
)

RATE, FRAME = 16_000, 640


def frames(x: np.ndarray) -> torch.Tensor:
    padded = torch.nn.functional.pad(torch.from_numpy(x).float(), (CONTEXT - FRAME, 0))
    return padded.unfold(0, CONTEXT, FRAME)


def voice(hz: float, seconds: float = 0.5, tilt: float = 1.0) -> np.ndarray:
    t = np.arange(int(RATE * seconds)) / RATE
    harmonics = range(1, int(7000 / hz))
    return 0.1 * sum(np.cos(2 * np.pi * k * hz * t + k * k) / k**tilt for k in harmonics)


@settings(deadline=None, max_examples=40)
@given(hz=st.floats(LOWEST + 5, HIGHEST - 5), gain=st.floats(-40, 0))
def test_harmonic_sounds_have_their_pitch_at_any_level(hz, gain):
    found = pitch(frames(voice(hz) * 10 ** (gain / 20)), RATE)[3:-1]
    assert torch.all((found / hz).log2().abs() < 1 / 48), "a quarter of a semitone"


def test_a_missing_fundamental_is_found():
    t = np.arange(RATE) / RATE
    x = sum(np.cos(2 * np.pi * k * 120 * t) for k in (3, 4, 5, 6)) * 0.1
    assert torch.all((pitch(frames(x), RATE)[3:-1] - 120).abs() < 1.5)


@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_is_unvoiced(level):
    assert not pitch(frames(np.full(RATE, level)), RATE).any()


def test_noise_is_unvoiced():
    x = np.random.default_rng(0).standard_normal(4 * RATE) * 0.1
    assert (pitch(frames(x), RATE) > 0).float().mean() < 0.02


def test_points_follow_a_glide_within_a_frame():
    t = np.arange(RATE) / RATE
    hz = 120 * 2**t  # an octave in a second
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    found = pitch(frames(sum(np.cos(k * phase) / k for k in range(1, 20)) * 0.1), RATE)[4:-1]
    # Points lag by at most 20 ms, which at an octave per second is 0.02 octaves.
    seconds = (torch.arange(4, 4 + len(found))[:, None] * 4 + torch.arange(4) + 0.5) * 0.01
    octaves = (found / (120 * 2**seconds)).log2()
    assert torch.all(octaves.abs() < 0.03)
    assert found[0, 0] < found[0, 1] < found[0, 2]


def test_a_frame_depends_on_its_context_alone():
    x = frames(voice(150.0))
    whole = pitch(x, RATE)
    assert torch.equal(whole[5:6], pitch(x[5:6], RATE))


def test_many_frames_at_once_have_the_pitch_of_each_alone():
    x = np.concatenate([voice(hz, 0.7) for hz in (90, 170, 310)])
    x += np.random.default_rng(0).standard_normal(len(x)) * np.linspace(0, 0.2, len(x))
    whole = pitch(frames(x), RATE)
    assert len(whole) > TILE
    alone = torch.cat([pitch(frame, RATE) for frame in frames(x).split(1)])
    torch.testing.assert_close(whole, alone, rtol=1e-6, atol=0)


def test_octaves_are_counted_from_the_reference_and_lead_back():
    hz = torch.tensor([[0.0, REFERENCE, 2 * REFERENCE, LOWEST], [HIGHEST, 0.0, 75.0, 101.3]])
    voiced, octaves = to_octaves(hz)
    assert torch.equal(voiced, hz > 0)
    assert octaves[0, :3].tolist() == [0.0, 0.0, 1.0] and octaves[1, 2] == -1.0
    assert torch.allclose(from_octaves(voiced, octaves), hz)


def test_an_unvoiced_point_has_no_octaves_and_no_pitch():
    assert not from_octaves(torch.zeros(1, 4, dtype=torch.bool), torch.ones(1, 4)).any()
