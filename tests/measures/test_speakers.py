"""Speakers: cosines, equal error rates against their definition, the packaged embedding."""

import sys
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.measures.signals import voice
from vocable.errors import MeasureError
from vocable.measures import Resemblyzer, equal_error_rate, load_embedding, similarity
from vocable.measures.speakers import crossing

SCORES = st.lists(st.integers(0, 6), min_size=1, max_size=8).map(lambda each: np.array(each) / 4)


def by_definition(same: np.ndarray, different: np.ndarray) -> float:
    """Both kinds of errors at every threshold, joined by lines; where the lines cross."""
    thresholds = [*sorted({*same, *different}), np.inf]
    points = [(np.mean(different >= t), np.mean(same < t)) for t in thresholds]
    for (a, r), (b, s) in zip(points, points[1:], strict=False):
        if r <= a and s >= b:  # the falsely rejected overtake
            steps = np.linspace(0, 1, 200_001)
            gaps = np.abs((a + steps * (b - a)) - (r + steps * (s - r)))
            return float(r + steps[gaps.argmin()] * (s - r))
    raise AssertionError("the lines never cross")


@given(SCORES, SCORES)
def test_the_rate_is_that_of_the_definition(same, different):
    found = equal_error_rate(same, different).rate
    assert found == pytest.approx(by_definition(same, different), abs=1e-5)


def test_worked_rates():
    assert equal_error_rate(np.array([0.9, 0.8]), np.array([0.1, 0.2])).rate == 0
    assert equal_error_rate(np.array([0.1, 0.2]), np.array([0.9, 0.8])).rate == 1
    found = equal_error_rate(np.array([0.9, 0.8, 0.4]), np.array([0.7, 0.3, 0.1]))
    assert found.rate == pytest.approx(1 / 3) and found.threshold == 0.7
    assert equal_error_rate(np.ones(5), np.ones(3)).rate == 0.5


def test_chance_and_what_does_not_change_the_rate():
    random = np.random.default_rng(0)
    same, different = random.normal(1, 1, 4000), random.normal(0, 1, 9000)
    rate = equal_error_rate(same, different).rate
    assert rate == pytest.approx(0.3085, abs=0.02)  # two normals, one deviation apart
    assert equal_error_rate(np.exp(same), np.exp(different)).rate == pytest.approx(rate)
    assert equal_error_rate(-different, -same).rate == pytest.approx(rate)
    assert equal_error_rate(different[::2], different[1::2]).rate == pytest.approx(0.5, abs=0.02)


def test_a_weight_is_a_trial_that_comes_so_often():
    scores, is_same = np.array([0.9, 0.3, 0.5, 0.1]), np.array([True, True, False, False])
    weights = np.array([2.0, 1.0, 3.0, 0.0])
    twice = equal_error_rate(np.array([0.9, 0.9, 0.3]), np.array([0.5, 0.5, 0.5]))
    assert crossing(scores, is_same, weights) == twice


@pytest.mark.parametrize(
    ("same", "different"),
    [(np.ones(0), np.ones(2)), (np.ones(2), np.ones(0)), (np.array([np.nan]), np.ones(1))],
)
def test_trials_of_one_kind_are_refused(same, different):
    with pytest.raises(MeasureError, match="needs finite scores of both kinds of trials, got"):
        equal_error_rate(same, different)


def test_similarity_is_the_cosine():
    assert similarity([3.0, 0.0], [0.0, 2.0]) == 0
    assert similarity([1.0, 1.0], [2.0, 2.0]) == similarity([1, 1], [1, 1]) == 1
    assert similarity(np.array([1.0, 0.0]), [-1.0, 0.0]) == -1
    assert similarity([1.0, 2.0, 2.0], [2.0, 0.0, 0.0]) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([0.0, 0.0], [1.0, 0.0], "not all 0"),
        ([1.0, np.nan], [1.0, 0.0], "must be finite numbers"),
        ([[1.0]], [[1.0]], r"got shape \(1, 1\)"),
        ([1.0], [1.0, 2.0], "one width, got 1 and 2"),
        (["a"], ["b"], "not an array of numbers"),
    ],
)
def test_vectors_without_an_angle_are_refused(a, b, message):
    with pytest.raises(MeasureError, match=message):
        similarity(a, b)


def test_resemblyzer_gets_what_it_prepares(monkeypatch):
    made = ModuleType("resemblyzer")
    heard = []

    class Encoder:
        def __init__(self, device, verbose):
            assert (device, verbose) == ("cpu", False)

        def embed_utterance(self, samples):
            heard.append(samples)
            return np.ones(4, np.float32) / 2

    made.VoiceEncoder = Encoder
    made.preprocess_wav = lambda samples: (
        samples[: samples.size // 2] if samples.size > 1000 else samples[:0]
    )
    monkeypatch.setitem(sys.modules, "resemblyzer", made)
    embed = Resemblyzer()
    assert embed(voice(1.0, 8000), 8000).tolist() == [0.5] * 4
    assert heard[0].dtype == np.float32 and heard[0].shape == (8000,)
    embed(np.full(160, 0.1), 16_000)  # nothing is left of it, so it is taken whole
    assert heard[1].shape == (160,)
    with pytest.raises(MeasureError, match="sound is silent"):
        embed(np.zeros(16_000), 16_000)


def test_a_missing_or_unknown_embedding_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "resemblyzer", None)
    load_embedding.cache_clear()
    with pytest.raises(MeasureError, match=r'package resemblyzer: pip install "vocable\[speaker'):
        load_embedding("resemblyzer")
    with pytest.raises(MeasureError, match='no embedding named "resemblizer"; nearest: "resem'):
        load_embedding("resemblizer")


def test_a_package_that_is_there_and_fails_says_why(monkeypatch, tmp_path):
    """Resemblyzer needs webrtcvad, which needs what newer setuptools lack."""
    (tmp_path / "resemblyzer.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "resemblyzer", raising=False)
    load_embedding.cache_clear()
    with pytest.raises(MeasureError, match=r"there but fails \(No module named 'no_such_p"):
        load_embedding("resemblyzer")
