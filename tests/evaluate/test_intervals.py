"""Intervals: known answers, speakers as the unit, pairs, refusals."""

import numpy as np
import pytest
from scipy.stats import t

from vocable.errors import MeasureError
from vocable.evaluate import (
    bootstrap_interval,
    paired_interval,
    ratio_interval,
    standard_error,
)
from vocable.evaluate.intervals import student_quantile


def test_standard_error_of_a_worked_example():
    assert standard_error(np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(np.sqrt(5 / 12))
    assert np.isnan(standard_error(np.array([1.0])))


def test_interval_holds_the_mean_and_its_width_is_that_of_the_normal():
    values = np.random.RandomState(1).standard_normal(400) + 3.0
    found = bootstrap_interval(values, [f"s{i}" for i in range(400)])
    assert found.mean == pytest.approx(values.mean())
    assert found.low < found.mean < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 / np.sqrt(400), rel=0.1)


def test_clips_of_one_speaker_do_not_count_as_many():
    values = np.repeat(np.random.RandomState(2).standard_normal(20), 20)
    alone = bootstrap_interval(values, [str(i) for i in range(400)])
    grouped = bootstrap_interval(values, [str(i // 20) for i in range(400)])
    assert grouped.high - grouped.low > 3 * (alone.high - alone.low)


def test_speakers_count_by_their_clips():
    values, speakers = np.array([0.0, 0.0, 0.0, 1.0]), ["a", "a", "a", "b"]
    found = bootstrap_interval(values, speakers)
    assert (found.mean, found.low, found.high) == (0.25, 0.0, 1.0)
    assert str(found) == "+0.250 [+0.000, +1.000]"


def test_interval_is_the_same_each_time_and_another_with_another_seed():
    values = np.random.RandomState(3).standard_normal(50)
    speakers = [str(i % 7) for i in range(50)]
    found = bootstrap_interval(values, speakers)
    assert found == bootstrap_interval(values, speakers)
    assert found.low != bootstrap_interval(values, speakers, seed=1).low


def test_a_pair_cancels_what_its_clips_share():
    random = np.random.RandomState(4)
    before = random.standard_normal(60)
    after = before + 0.1 + 0.01 * random.standard_normal(60)
    speakers = [str(i % 12) for i in range(60)]
    found = paired_interval(before, after, speakers)
    assert 0.08 < found.low < found.mean < found.high < 0.12
    assert found == bootstrap_interval(after - before, speakers)
    apart = bootstrap_interval(after, speakers)
    assert apart.high - apart.low > 20 * (found.high - found.low)


def test_one_speaker_alone_gives_no_ends():
    found = bootstrap_interval(np.array([1.0, 2.0]), ["a", "a"])
    assert found.mean == 1.5 and np.isnan(found.low) and np.isnan(found.high)


@pytest.mark.parametrize(
    ("values", "speakers", "message"),
    [
        ([], [], "an interval needs clips"),
        ([1.0, 2.0], ["a"], "got 2 values and 1 speakers"),
        ([1.0, np.nan], ["a", "b"], "1 of 2 values are not finite; leave those clips out"),
    ],
)
def test_what_has_no_interval_is_refused(values, speakers, message):
    with pytest.raises(MeasureError, match=message):
        bootstrap_interval(np.array(values), speakers)


def test_a_pair_that_lacks_a_value_is_refused():
    with pytest.raises(MeasureError, match="got 2 before and 1 after"):
        paired_interval(np.array([1.0, 2.0]), np.array([1.0]), ["a", "b"])


def test_a_ratio_is_of_sums_and_its_interval_knows_who_weighs_more():
    found = ratio_interval(np.array([1, 0, 3]), np.array([10, 10, 20]), ["s", "s", "t"])
    assert found.mean == pytest.approx(0.1)
    # s alone is 0.5 below its share a clip, t 1 above: over 40 / 3 a clip
    assert (found.low, found.high) == (pytest.approx(0.0625), pytest.approx(0.175))


def test_the_interval_of_a_ratio_shrinks_with_speakers():
    parts, wholes = np.array([1, 3, 0, 2]), np.array([2, 10, 4, 4])
    found = ratio_interval(parts, wholes, list("abcd"))
    assert found.mean == 0.3 and found.low < 0.3 < found.high
    wider = found.high - found.low
    more = ratio_interval(np.tile(parts, 9), np.tile(wholes, 9), [str(n) for n in range(36)])
    assert more.mean == pytest.approx(0.3) and more.high - more.low < 0.5 * wider
    exact = ratio_interval(wholes / 2, wholes, list("abcd"))
    assert (exact.low, exact.high) == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize(
    ("parts", "wholes"), [(np.ones(2), np.ones(3)), (np.ones(2), np.zeros(2)), (np.ones(0),) * 2]
)
def test_a_ratio_to_nothing_is_refused(parts, wholes):
    with pytest.raises(MeasureError, match="needs a part of each whole, and some whole"):
        ratio_interval(parts, wholes, ["a"] * len(parts))


@pytest.mark.parametrize("degrees", [3, 9, 40])
def test_the_quantile_is_that_of_student(degrees):
    assert student_quantile(degrees) == pytest.approx(t.ppf(0.975, degrees), rel=0.01)


def test_intervals_of_few_speakers_are_those_of_student():
    values = np.random.RandomState(5).standard_normal(12)
    found = bootstrap_interval(values, [str(n) for n in range(12)])
    half = t.ppf(0.975, 11) * standard_error(values)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)
