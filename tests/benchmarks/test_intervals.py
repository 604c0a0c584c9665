"""The statistics behind the tables: known answers, speakers as the unit, peers' bytes counted."""

import numpy as np
import pytest

from benchmarks.intervals import interval, standard_error
from benchmarks.scores import Score, gain, levels_table


def test_standard_error_of_a_worked_example():
    assert standard_error(np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(np.sqrt(5 / 12))
    assert np.isnan(standard_error(np.array([1.0])))


def test_interval_holds_the_mean_and_its_width_is_that_of_the_normal():
    values = np.random.RandomState(1).standard_normal(400) + 3.0
    found = interval(values, [f"s{i}" for i in range(400)])
    assert found.mean == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 / np.sqrt(400), rel=0.1)


def test_clips_of_one_speaker_do_not_count_as_many():
    values = np.repeat(np.random.RandomState(2).standard_normal(20), 20)
    alone = interval(values, [str(i) for i in range(400)])
    grouped = interval(values, [str(i // 20) for i in range(400)])
    assert grouped.high - grouped.low > 3 * (alone.high - alone.low)


def test_interval_is_the_same_each_time():
    values = np.random.RandomState(3).standard_normal(50)
    speakers = [str(i % 7) for i in range(50)]
    assert interval(values, speakers) == interval(values, speakers)


def score(system: str, clip: str, value: float | None) -> Score:
    return Score(system, clip, f"speaker {clip}", 2000.0, {"STOI": value})


def test_gain_is_over_the_clips_that_both_have():
    scores = [score("a, 1 levels", "x", 0.5), score("a, 1 levels", "y", 0.5)]
    scores += [score("a, 2 levels", "x", 0.75), score("a, 2 levels", "y", None)]
    assert gain(scores, "a, 1 levels", "a, 2 levels", "STOI").mean == 0.25


def test_levels_are_compared_with_neighbours_and_over_doublings():
    scores = [score(f"a, {n} levels", clip, n / 10) for n in range(2, 9) for clip in "xyz"]
    steps = [line.split("|")[1].strip() for line in levels_table(scores)[1:]]
    neighbours = ["2 → 3", "3 → 4", "4 → 5", "5 → 6", "6 → 7", "7 → 8"]
    assert steps == [*neighbours, "2 → 4", "4 → 8"]
