"""Differences: sign flips against scipy, Holm by hand, errors of the first kind, what is needed."""

from math import ceil

import numpy as np
import pytest
from scipy.stats import nct, permutation_test, t

from tests.evaluate.summary.made_up_studies import noise, result, scored, study
from vocable.evaluate.intervals import bootstrap_means, ends
from vocable.evaluate.summary import summarise
from vocable.evaluate.summary.differences import holm, needed, sign_flips


@pytest.mark.parametrize("owners", [2, 6, 11])
def test_few_owners_are_flipped_in_every_way(owners):
    sums = np.random.default_rng(owners).standard_normal((3, owners)) + 0.4
    for column, p in zip(sums, sign_flips(sums), strict=True):
        asked = permutation_test((column,), np.sum, permutation_type="samples", n_resamples=np.inf)
        assert p == pytest.approx(asked.pvalue)


def test_many_owners_are_flipped_at_random():
    sums = np.random.default_rng(1).standard_normal((1, 40)) + 0.3
    (p,) = sign_flips(sums)
    asked = permutation_test(
        (sums[0],), np.sum, permutation_type="samples", n_resamples=40_000, rng=2
    )
    assert p == pytest.approx(asked.pvalue, abs=0.01)
    assert p == sign_flips(sums)[0]


def test_random_flips_never_say_that_p_is_0():
    assert sign_flips(np.ones((1, 60)))[0] == pytest.approx(1 / 10_001)


def test_many_pairs_get_the_flips_that_holm_asks_for():
    sums = np.ones((300, 60))
    assert (holm(sign_flips(sums))[0] < 0.05).all()


def test_holm_is_that_of_the_handbook():
    # p.adjust(c(.01, .02, .03, .04, .05), "holm") of R, in another order
    adjusted, levels = holm(np.array([0.03, 0.01, 0.05, 0.02, 0.04]))
    assert adjusted == pytest.approx([0.09, 0.05, 0.09, 0.08, 0.09])
    assert levels == pytest.approx([0.05 / 3, 0.05 / 5, 0.05, 0.05 / 4, 0.05 / 2])
    assert holm(np.array([0.9, 0.8]))[0].tolist() == [1.0, 1.0]


def clustered(studies: int, owners: int, clips: int, seed: int = 0) -> np.ndarray:
    """Return differences without a difference, in which clips of one owner resemble each other."""
    random = np.random.default_rng(seed)
    of_owner = random.standard_normal((studies, owners, 1))
    return of_owner + random.standard_normal((studies, owners, clips))


@pytest.mark.parametrize("owners", [8, 30])
def test_of_equal_systems_one_in_twenty_seems_to_differ(owners):
    gains = clustered(600, owners, 12)
    wrong = (sign_flips(gains.sum(axis=2)) < 0.05).mean()
    assert 0.025 < wrong < 0.08
    as_clips = gains[:200].reshape(200, -1)
    assert (sign_flips(as_clips[:, : owners * 12]) < 0.05).mean() > 0.3


@pytest.mark.parametrize("owners", [6, 20])
def test_intervals_hold_the_truth_nineteen_times_in_twenty(owners):
    gains = clustered(1000, owners, 5, seed=owners)
    sums, sizes = gains.sum(axis=2), np.full((1000, owners), 5.0)
    low, high = ends(bootstrap_means(sums, sizes), sizes)
    assert 0.92 < ((low < 0) & (high > 0)).mean() < 0.975
    clips, ones = gains.reshape(1000, -1), np.ones((1000, owners * 5))
    low, high = ends(bootstrap_means(clips, ones), ones)
    assert ((low < 0) & (high > 0)).mean() < 0.85


def exactly(mean: float, spread: float, owners: int) -> np.ndarray:
    values = np.random.default_rng(0).standard_normal(owners)
    return mean + spread * (values - values.mean()) / values.std(ddof=1)


def test_what_is_needed_follows_the_formula():
    count = needed(exactly(0.05, 0.3, 50), np.ones(50))
    # 7.85 × 0.3² / 0.05² = 283 for a spread that is known, and two more as it is not
    assert count == ceil(7.849 * 36 + 1.92) == 285


@pytest.mark.parametrize("level", [0.05, 0.001])
@pytest.mark.parametrize("effect", [0.3, 0.8])
def test_what_is_needed_gives_a_test_of_student_its_power(effect, level):
    count = needed(exactly(effect, 1.0, 30), np.ones(30), level)
    power = [
        1 - nct.cdf(t.ppf(1 - level / 2, n - 1), n - 1, effect * np.sqrt(n))
        for n in (count - 2, count + 1)
    ]
    assert power[0] < 0.8 < power[1]


def test_with_as_many_owners_as_are_needed_four_in_five_studies_settle_it():
    count = needed(exactly(0.5, 1.0, 30), np.ones(30))
    gains = 0.5 + np.random.default_rng(3).standard_normal((500, count))
    assert (sign_flips(gains) < 0.05).mean() == pytest.approx(0.8, abs=0.06)


def test_owners_with_many_clips_do_not_make_a_spread():
    sizes = np.array([1.0, 10.0, 100.0, 5.0])
    assert needed(2 * sizes, sizes) == 6  # all alike: what five owners' signs cannot show


def test_a_difference_of_nothing_needs_no_number():
    assert needed(np.zeros(5), np.ones(5)) is None
    assert needed(np.array([1.0]), np.ones(1)) is None


def test_every_pair_of_systems_is_compared_and_no_control():
    scores = {"original": [4.6] * 8, "a": 2 + noise(8), "b": 3 + noise(8, 1), "c": 3 + noise(8, 2)}
    found = summarise(scored(scores)).differences
    assert [(each.first, each.second) for each in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    sure = {(each.first, each.second): each.sure for each in found}
    assert sure == {("a", "b"): True, ("a", "c"): True, ("b", "c"): False}
    assert found[0].gain.mean == pytest.approx(np.mean(scores["b"] - scores["a"]))
    assert found[0].p == 2 / 2**8 and found[0].adjusted == 3 * found[0].p


def test_a_pair_goes_by_the_recordings_that_both_have():
    easy, hard = [4.0, 4.1, 4.2], [1.0, 1.1, 1.2]
    found = summarise(scored({"a": [*easy, *hard], "b": [None] * 3 + [1.3, 1.2, 1.4]}))
    (difference,) = found.differences
    assert difference.gain.mean == pytest.approx(0.2) and difference.scored == 3
    assert (
        found.rows[0].cells["pesq_wb"].interval.mean > found.rows[1].cells["pesq_wb"].interval.mean
    )


def test_systems_without_a_recording_in_common_are_not_compared():
    assert not summarise(scored({"a": [1.0, None], "b": [None, 2.0]})).differences


def test_equal_systems_do_not_differ():
    (found,) = summarise(scored({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 3.0]})).differences
    assert (found.p, found.adjusted, found.needed, found.sure) == (1.0, 1.0, None, False)


def test_one_speaker_alone_settles_nothing():
    results = [
        result(system, n, speaker="anna", scores={"pesq_wb": value})
        for system, value in (("a", 1.0), ("b", 4.0))
        for n in range(5)
    ]
    (found,) = summarise(study(results)).differences
    assert found.gain.mean == 3 and np.isnan(found.gain.low)
    assert (found.p, found.needed, found.sure) == (1.0, None, False)
