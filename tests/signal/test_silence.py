"""Silence is found as a recording comes, and the same whatever comes at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocable.signal.silence import FrameLevels, Silence, SilenceFinder

RATE = 50  # frames a second


def silent(levels, blocks=()):
    finder = SilenceFinder(Silence(), RATE)
    parts = np.split(np.asarray(levels, float), [*blocks])
    return np.concatenate([*(finder.push(part) for part in parts), finder.finish()]).tolist()


def test_a_pause_is_silent_from_its_first_frame_to_its_last():
    assert (
        silent([-20.0] * 20 + [-60.0] * 10 + [-20.0] * 5)
        == [False] * 20 + [True] * 10 + [False] * 5
    )


def test_two_quiet_frames_are_no_silence():
    assert not any(silent([-20.0] * 20 + [-60.0] * 2 + [-20.0] * 5 + [-60.0] * 2))


@pytest.mark.parametrize("level, is_silent", [(-120.0, True), (-60.0, True), (-20.0, False)])
def test_what_never_changes_is_silent_if_it_is_quiet(level, is_silent):
    assert silent([level] * 400) == [is_silent] * 400


def test_a_pause_may_be_longer_than_what_is_remembered():
    pause = 10 * RATE
    assert silent([-20.0] * 50 + [-40.0] * pause)[50:] == [True] * pause


def test_silence_ends_higher_than_it_begins():
    speech, floor = [-20.0] * 30, [-60.0] * 30
    assert silent(speech + floor + [-52.0] * 3)[-3:] == [True] * 3  # 8 dB over the floor
    assert silent(speech + floor + speech + [-52.0] * 3)[-3:] == [False] * 3
    assert silent(speech + floor + [-50.0] * 3)[-3:] == [False] * 3


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 999), blocks=st.lists(st.integers(0, 300), max_size=9))
def test_blocks_of_any_size_give_the_same(seed, blocks):
    random = np.random.default_rng(seed)
    levels = np.repeat(random.uniform(-70, -10, 60), 5) + random.uniform(-4, 4, 300)
    assert silent(levels, sorted(blocks)) == silent(levels)
    assert len(silent(levels)) == 300


def test_levels_are_those_of_whole_frames_and_of_what_is_left():
    samples = np.concatenate([np.full(25, 0.1), np.zeros(10)]).astype(np.float32)
    levels = FrameLevels(10)
    parts = [levels.push(part) for part in np.split(samples, [3, 12, 33])]
    found = np.concatenate([*parts, levels.finish()])
    assert found == pytest.approx([-20, -20, -23.01, -120], abs=0.01)
    assert levels.finish().shape == (0,)
