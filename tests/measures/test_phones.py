"""Phones and codes: published worked example, limits, baselines, refusals."""

import numpy as np
import pytest

from vocable.errors import MeasureError
from vocable.measures import (
    cluster_purity,
    count_pairs,
    entropy,
    labels_at,
    phone_purity,
    pnmi,
    shuffled,
    spans_of,
)

WORKED = np.array([[3, 1, 0], [0, 2, 2]])
SPANS = [(0.1, 0.2, "a"), (0.2, 0.35, "b"), (0.5, 0.6, "a")]


def test_worked_example():
    assert phone_purity(WORKED) == 0.875
    assert cluster_purity(WORKED) == 0.625
    assert pnmi(WORKED) == pytest.approx(0.6556391, abs=1e-7)


def test_the_mutual_information_is_that_of_the_definition():
    joint = np.random.default_rng(0).integers(0, 20, size=(5, 9))
    p = joint / joint.sum()
    alone = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    told = np.sum(p[p > 0] * np.log2(p[p > 0] / alone[p > 0]))
    assert pnmi(joint) == pytest.approx(told / entropy(joint.sum(axis=1)))


def test_a_code_for_each_phone_tells_all_and_one_code_nothing():
    told = np.diag([5, 3, 2])
    assert phone_purity(told) == cluster_purity(told) == pnmi(told) == 1
    nothing = np.array([[5], [3], [2]])
    assert phone_purity(nothing) == 0.5 and cluster_purity(nothing) == 1 and pnmi(nothing) == 0


def test_splitting_codes_raises_phone_purity_and_lowers_cluster_purity():
    split = np.hstack([WORKED // 2, WORKED - WORKED // 2])
    assert phone_purity(split) >= phone_purity(WORKED)
    assert cluster_purity(split) < cluster_purity(WORKED)
    assert pnmi(split) >= pnmi(WORKED)


def test_order_of_phones_and_codes_does_not_matter():
    mixed = WORKED[::-1, [2, 0, 1]]
    for measure in (phone_purity, cluster_purity, pnmi):
        assert measure(mixed) == pytest.approx(measure(WORKED))


def test_shuffled_counts_keep_phones_and_codes_and_lose_what_they_told():
    random = np.random.default_rng(0)
    phones = random.integers(5, size=20_000)
    joint = count_pairs(phones, 3 * phones + random.integers(3, size=phones.size))
    mixed = shuffled(joint)
    assert mixed.sum(axis=0).tolist() == joint.sum(axis=0).tolist()
    assert mixed.sum(axis=1).tolist() == joint.sum(axis=1).tolist()
    assert pnmi(joint) == pytest.approx(1) and pnmi(mixed) < 0.01
    assert shuffled(joint).tolist() == mixed.tolist() != shuffled(joint, seed=1).tolist()


def test_few_tokens_tell_of_phones_even_when_shuffled():
    """What the baseline is for: 200 tokens of 1000 entries seem to tell most of the phone."""
    random = np.random.default_rng(0)
    joint = count_pairs(random.integers(20, size=200), random.integers(1000, size=200), 1000)
    assert pnmi(joint) > 0.8 and pnmi(shuffled(joint)) == pytest.approx(pnmi(joint), abs=0.05)


def test_pairs_are_counted_by_label_in_order():
    joint = count_pairs(["b", "a", "", "b"], [2, 0, 1, 2], 4)
    assert joint.tolist() == [[1, 0, 0, 0], [0, 0, 2, 0]]
    assert count_pairs([3, 7, 3], np.array([1, 0, 1])).tolist() == [[0, 2], [1, 0]]


def test_spans_hold_their_start_and_not_their_end():
    times = np.array([0.0, 0.1, 0.199, 0.2, 0.35, 0.4, 0.55, 0.6, 9.0])
    assert labels_at(SPANS, times).tolist() == ["", "a", "a", "b", "", "", "a", "", ""]
    assert labels_at([], times).tolist() == [""] * 9


def test_labels_of_frames_are_spans_of_one_period():
    labels = list("aabbbc")
    times = (np.arange(12) + 0.5) * 0.005  # twice as many tokens as labels
    assert "".join(labels_at(spans_of(labels, 0.01), times)) == "aaaabbbbbbcc"


@pytest.mark.parametrize(
    "spans",
    [
        [(0.2, 0.2, "a")],
        [(0.0, 0.3, "a"), (0.2, 0.4, "b")],
        [(0.4, 0.5, "a"), (0.1, 0.2, "b")],
        [(float("nan"), 1.0, "a")],
    ],
)
def test_spans_that_say_two_things_at_once_are_refused(spans):
    with pytest.raises(MeasureError, match="in order and end after they start, got "):
        labels_at(spans, np.zeros(1))


@pytest.mark.parametrize(
    ("labels", "codes", "message"),
    [
        (["a"], [0, 1], r"got shapes \(1,\) and \(2,\)"),
        (["a", "b"], [0, 4], "codes must lie in 0 to 3, got 4"),
        (["a", "b"], [0, -1], "codes must lie in 0 to 3, got -1"),
        (["a", "b"], [0.0, 1.0], "codes must be integers, got float64"),
        (["", ""], [0, 1], "no token has a label"),
        ([["a"], ["b", "c"]], [0, 1], "labels are not an array"),
    ],
)
def test_pairs_that_do_not_fit_are_refused(labels, codes, message):
    with pytest.raises(MeasureError, match=message):
        count_pairs(labels, codes, 4)


@pytest.mark.parametrize("joint", [np.zeros((2, 3), int), np.zeros((0, 3), int), -WORKED])
@pytest.mark.parametrize("measure", [phone_purity, cluster_purity, pnmi, shuffled])
def test_counts_of_nothing_are_refused(measure, joint):
    with pytest.raises(MeasureError, match="joint counts must be"):
        measure(joint)


def test_one_phone_has_no_entropy_to_tell():
    with pytest.raises(MeasureError, match="two phones or more, got one"):
        pnmi(np.array([[3, 4]]))
