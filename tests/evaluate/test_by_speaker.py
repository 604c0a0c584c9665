"""Figures over draws of speakers: whole, their intervals, and ratios over the same draws."""

import numpy as np
import pytest

from vocable.errors import MeasureError
from vocable.evaluate.by_speaker import count_by_speaker, mean, ratio
from vocable.measures.phones import phone_purity, pnmi


def told(share, speakers=12, frames=400, seed=0):
    """Units that are the phone in a share of the frames, which differs between speakers."""
    random = np.random.default_rng(seed)
    labels, codes, owners = [], [], []
    for number in range(speakers):
        phones = random.integers(0, 6, frames)
        kept = random.random(frames) < share + 0.1 * random.standard_normal()
        labels.append(np.array(list("abcdef"))[phones])
        codes.append(np.where(kept, phones, random.integers(0, 6, frames)))
        owners.append(f"speaker {number}")
    return count_by_speaker(labels, codes, owners, 6)


def test_counts_are_those_of_each_speaker_and_frames_without_a_label_are_left_out():
    labels = [np.array(["b", "", "a", "b"]), np.array(["a"]), np.array(["b"])]
    codes = [np.array([0, 1, 2, 0]), np.array([1]), np.array([1])]
    found = count_by_speaker(labels, codes, ["q", "p", "q"], 3)
    assert (found.speakers, found.phones) == (("p", "q"), ("a", "b"))
    assert found.counts.tolist() == [[[0, 1, 0], [0, 0, 0]], [[0, 0, 1], [2, 1, 0]]]
    assert found.joint.tolist() == [[0, 1, 1], [2, 1, 0]]
    assert found.of_phones(["b"]).counts.tolist() == [[[0, 0, 0]], [[2, 1, 0]]]
    with pytest.raises(MeasureError, match="no frame has a phone"):
        found.of_phones(["c"])


def test_intervals_hold_the_figure_and_shrink_with_speakers():
    few, many = (told(0.5, speakers).interval(pnmi) for speakers in (6, 60))
    assert few.low < few.mean < few.high
    assert many.high - many.low < 0.6 * (few.high - few.low)


def test_one_speaker_alone_has_no_interval():
    alone = told(0.5, 1)
    assert np.isnan(alone.interval(pnmi).low) and np.isnan(ratio([alone], [alone], pnmi).high)
    assert ratio([alone], [alone], pnmi).mean == 1


def test_a_ratio_is_of_the_same_draws():
    """What makes a speaker easy for both cancels: to itself the ratio is 1 in every draw."""
    same, other = told(0.6), told(0.4)
    assert vars(ratio([same], [same], pnmi)) == {"mean": 1, "low": 1, "high": 1}
    found = ratio([same], [other], pnmi)
    assert found.mean == pytest.approx(pnmi(same.joint) / pnmi(other.joint))
    assert 1 < found.low < found.mean < found.high
    apart = pytest.approx(1 / found.mean)
    assert ratio([other], [same], pnmi).mean == apart


def test_of_several_seeds_the_means_are_compared():
    these, those = [told(0.6), told(0.7)], [told(0.3), told(0.4)]
    alone, both = these[0].interval(pnmi), mean(these, pnmi)
    assert both.mean == pytest.approx(np.mean([pnmi(each.joint) for each in these]))
    assert both.low > alone.low and both.low < both.mean < both.high
    upper = np.mean([phone_purity(each.joint) for each in these])
    lower = np.mean([phone_purity(each.joint) for each in those])
    assert ratio(these, those, phone_purity).mean == pytest.approx(upper / lower)


def test_other_speakers_are_refused():
    with pytest.raises(MeasureError, match="need the same speakers in all"):
        ratio([told(0.5, 4)], [told(0.5, 5)], pnmi)
