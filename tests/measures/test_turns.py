"""Turns of two channels: by bursts of noise whose times are known."""

import math
import warnings

import numpy as np
import pytest

from vocable.errors import MeasureError
from vocable.measures.turns import stretches, turn_statistics, turns

RATE = 8000


def channel(*spoken, seconds=10.0, floor=0.0):
    """Return noise at these times, above a floor."""
    random = np.random.default_rng(0)
    found = floor * random.standard_normal(round(seconds * RATE))
    for begin, end in spoken:
        found[round(begin * RATE) : round(end * RATE)] = 0.05 * random.standard_normal(
            round(end * RATE) - round(begin * RATE)
        )
    return found.astype(np.float32)


def times(found):
    return [(each.channel, round(each.begin, 2), round(each.end, 2)) for each in found]


@pytest.mark.parametrize("floor", [0.0, 1e-4, 0.005])
def test_stretches_lie_between_pauses(floor):
    samples = channel((1, 2), (2.1, 3), (3.5, 3.56), (4, 5), floor=floor)
    assert times(stretches(samples, RATE)) == [(0, 1, 3), (0, 4, 5)]
    assert times(stretches(samples, RATE, pause=0.05)) == [(0, 1, 2), (0, 2.1, 3), (0, 4, 5)]
    assert stretches(channel(floor=floor and 1e-4), RATE) == []


def test_the_floor_passes_by_gaps_and_overlaps():
    a = channel((0, 2), (2.6, 4), (6, 8))  # a pause of its own within its turn
    b = channel((1, 1.4), (3.5, 5.5))  # a word within the other's turn, then an overlap
    found = turns(np.stack((a, b)), RATE)
    assert times(found.turns) == [(0, 0, 4), (1, 3.5, 5.5), (0, 6, 8)]
    assert found.offsets == pytest.approx([-0.5, 0.5], abs=0.021)
    assert found.both == pytest.approx(0.9, abs=0.05)
    assert found.spoken == pytest.approx(6.9, abs=0.05)
    same = turns(np.stack((b, a)), RATE)
    assert [1 - each.channel for each in same.turns] == [each.channel for each in found.turns]
    assert (same.offsets, same.both) == (found.offsets, found.both)


def test_statistics_are_of_all_recordings():
    one = turns(np.stack((channel((0, 2), (4, 6)), channel((2.5, 3.5)))), RATE)
    other = turns(np.stack((channel((0, 2)), channel((1.5, 3)))), RATE)
    found = turn_statistics([one, other])
    assert found["turns_per_minute"] == pytest.approx(5 / 20 * 60)
    assert found["turn_seconds"] == pytest.approx((2 + 1 + 2 + 2 + 1.5) / 5, abs=0.03)
    assert found["gap_seconds"] == pytest.approx(0.5, abs=0.03)
    assert found["overlapping_turns"] == pytest.approx(1 / 3)
    assert found["overlapping_time"] == pytest.approx(0.5 / 8, abs=0.01)
    silence = turn_statistics([turns(np.zeros((2, RATE), np.float32), RATE)])
    assert silence["turns_per_minute"] == 0 and math.isnan(silence["gap_seconds"])


def test_times_are_those_of_the_samples_at_rates_of_no_whole_frame():
    """Frames are 20 ms but for a fraction of a sample, which adds up: 0.14 s in a minute."""
    rate = 11_025
    samples = np.zeros((2, 61 * rate), np.float32)
    samples[0, 60 * rate :] = samples[1, 40 * rate : 60 * rate] = 0.1
    one, other = turns(samples, rate).turns
    assert (one.channel, other.channel) == (1, 0)
    assert one.end == pytest.approx(60, abs=0.021) and other.begin == pytest.approx(60, abs=0.021)
    assert turns(samples, rate).spoken == pytest.approx(21, abs=0.05)


def test_what_is_no_recording_is_refused():
    with pytest.raises(MeasureError, match=r"shape \(80,\); wanted \[channels, samples\]"):
        turns(np.zeros(80, np.float32), RATE)
    bad = np.zeros((2, 80), np.float32)
    bad[1, 7] = np.nan
    with pytest.raises(MeasureError, match="holds 1 NaN or infinite samples, the first at 7"):
        turns(bad, RATE)
    with pytest.raises(MeasureError, match="is int16; pass floats"):
        turns(np.zeros((2, 80), np.int16), RATE)
    with pytest.raises(MeasureError, match="at least one is needed"):
        turns(np.zeros((2, 0), np.float32), RATE)
    with pytest.raises(MeasureError, match="a stretch: "):
        stretches(np.zeros(80, np.float32), 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert turns(np.zeros((2, 80), np.float32), RATE).turns == ()  # less than a frame
