"""Ranks: shares of places, ties, what is left out."""

import numpy as np
import pytest

from tests.evaluate.summary.made_up_studies import noise, scored
from vocable.evaluate.summary import summarise
from vocable.evaluate.summary.ranks import kept, places


def test_places_of_worked_draws():
    means = np.array([[3.0, 2.0, 1.0], [2.0, 3.0, 1.0], [3.0, 2.0, 1.0], [1.0, 2.0, 3.0]])
    expected = [[0.5, 0.25, 0.25], [0.25, 0.75, 0], [0.25, 0, 0.75]]
    assert places(means) == pytest.approx(np.array(expected))
    assert kept(means) == 0.5


def test_systems_that_are_equal_share_their_places():
    means = np.array([[2.0, 2.0, 1.0]])
    assert places(means).tolist() == [[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]
    assert kept(means) == 0


def test_shares_sum_to_one_both_ways():
    scores = {name: 2 + noise(9, seed) for seed, name in enumerate("abcde")}
    (found,) = summarise(scored(scores)).ranks
    shares = np.array(list(found.shares.values()))
    assert shares.sum(axis=0) == pytest.approx(np.ones(5))
    assert shares.sum(axis=1) == pytest.approx(np.ones(5))
    assert 0 < found.kept < 1
    means = [np.mean(scores[name]) for name in found.shares]
    assert means == sorted(means, reverse=True)


def test_less_is_better_where_the_measure_says_so():
    scores = {"a": 2 + noise(9), "b": 1 + noise(9, 1)}
    (down,) = summarise(scored(scores, "mel_distance_dac")).ranks
    (up,) = summarise(scored(scores, "pesq_wb")).ranks
    assert list(down.shares) == ["b", "a"] and list(up.shares) == ["a", "b"]
    assert down.shares["b"] == up.shares["a"] == (1.0, 0.0)
    assert up.kept == 1


def test_the_share_of_a_place_is_the_chance_of_a_draw():
    # b is ahead only in draws with more of the second owner than of the first: of 4 draws one
    (found,) = summarise(scored({"a": [2.0, 1.0], "b": [1.0, 1.9]})).ranks
    assert found.shares["a"][0] == pytest.approx(0.75, abs=0.02)


def test_all_ranked_systems_are_ranked_by_the_same_recordings():
    full = [3.0] * 19 + [-40.0]
    (found,) = summarise(scored({"a": full, "b": [2.0] * 19 + [None]})).ranks
    assert found.scored == 19 and found.shares["a"] == (1.0, 0.0)


def test_controls_and_systems_that_lack_much_have_no_rank():
    scores = {"original": [4.6] * 5, "a": [1.0] * 5, "b": [2.0] * 5, "c": [3.0] * 3 + [None] * 2}
    (found,) = summarise(scored(scores)).ranks
    assert list(found.shares) == ["b", "a"] and found.scored == 5


def test_one_system_has_no_order():
    assert not summarise(scored({"a": [1.0, 2.0]})).ranks
