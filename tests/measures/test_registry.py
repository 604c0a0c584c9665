"""The table of measures says what is true; what is registered is scored by its name."""

import math
from dataclasses import replace
from functools import cached_property

import numpy as np
import pytest

from tests.measures.signals import LOUDER, RATE, noise, voice
from vocable.errors import MeasureError
from vocable.measures import (
    REGISTRY,
    Measure,
    default_measures,
    register,
    score,
    score_all,
)

SAME = {"visqol_audio": 4.732}  # the score of equal recordings, where it is not the best there is


@pytest.fixture(params=REGISTRY)
def measure(request):
    measure = REGISTRY[request.param]
    if measure.needs:
        pytest.importorskip({"pesq": "pesq", "eval": "pystoi"}[measure.needs])
    return measure


def test_better_lies_in_the_direction_and_range_that_the_table_says(measure):
    rate = measure.rate or RATE
    x = voice(rate=rate)
    x = x + noise(x.size, 1e-5, seed=8)  # sound in all bands
    same, near, far = (score(measure, x, x + noise(x.size, p), rate) for p in (0, 1e-6, 1e-2))
    assert same > near > far if measure.direction == "up" else same < near < far
    low, high = measure.range
    assert all(low - 1e-3 <= value <= high + 1e-3 for value in (same, near, far))
    best = SAME.get(measure.name, high if measure.direction == "up" else low)
    assert same == pytest.approx(best, abs=1e-3)


def test_rates_are_refused_as_the_table_says(measure):
    wrong = measure.min_rate - 1 if measure.rate is None else measure.rate - 1
    reason = f" is defined .* got {wrong} Hz" if wrong else ": rate must be a whole number of Hz"
    with pytest.raises(MeasureError, match=f"^{measure.name}{reason}"):
        score(measure, voice(), voice(), wrong)


def test_the_default_measures_are_those_of_speech():
    names = [measure.name for measure in default_measures()]
    assert names[:2] == ["pesq_wb", "stoi"]


def test_a_name_that_is_not_registered_is_refused_with_the_nearest():
    with pytest.raises(MeasureError, match='^no measure named "pesq"; nearest: "pesq_wb"$'):
        score("pesq", voice(), voice(), RATE)
    with pytest.raises(MeasureError, match='no measure named "pesq"'):
        score_all(["stoi", "pesq"], voice(), voice(), RATE)


def test_what_is_registered_is_scored_by_name_reference_first(registry):
    assert register(LOUDER) is LOUDER and registry["louder"] is LOUDER
    assert LOUDER in default_measures()
    x = voice().astype(np.float32)
    assert score("louder", x, x / 10, RATE) == pytest.approx(20, abs=1e-5)
    assert score(LOUDER, x, x * 10, RATE) == pytest.approx(-20, abs=1e-5)


def test_a_name_that_is_taken_is_refused(registry):
    register(LOUDER)
    with pytest.raises(MeasureError, match='a measure "louder" is registered already'):
        register(replace(LOUDER, digits=1))
    assert registry["louder"] is LOUDER


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "PESQ-WB"}, 'named by an identifier, as "pesq_wb", got "PESQ-WB"'),
        ({"direction": "higher"}, 'must be "up", "down" or None, got .higher.'),
        ({"range": (1.0, 1.0)}, r"range must be \(lowest, highest\), got \(1.0, 1.0\)"),
    ],
)
def test_a_measure_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(MeasureError, match=message):
        replace(LOUDER, **change)


def test_scores_and_reasons_stand_apart():
    measures = [LOUDER, replace(LOUDER, name="brief", longest=1.5), "si_sdr"]
    scores, unscored = score_all(measures, voice(), voice(), RATE)
    assert scores == {"louder": 0.0, "si_sdr": 100.0}
    assert unscored == {"brief": "brief scores at most 1.5 s at a time, got 2.00 s; score pieces"}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_not_finite_is_no_score(value):
    broken = replace(LOUDER, function=lambda reference, degraded, rate: value)
    with pytest.raises(MeasureError, match=f"^louder gave {value} for this clip"):
        score(broken, voice(), voice(), RATE)


def test_a_reference_that_is_needed_is_asked_for():
    with pytest.raises(MeasureError, match="^louder compares with a reference"):
        score(LOUDER, None, voice(), RATE)


def test_values_are_shown_with_their_unit():
    assert LOUDER.format(3.14159) == "3.142 dB"
    assert REGISTRY["pesq_wb"].format(1.7) == "1.70 MOS-LQO"
    assert REGISTRY["stoi"].format(0.9) == "0.900"


class Predictor:
    """A score of one signal by learned weights, read when they are first needed."""

    def __init__(self, path):
        self.path = path

    @cached_property
    def weights(self):
        return np.load(self.path)

    def __call__(self, degraded, rate):
        return self.weights @ [1.0, np.mean(degraded**2)]


def predicted(path):
    function = Predictor(path)
    about = "what a listener would say, without a reference"
    kept = {"unit": "MOS", "direction": "up", "range": (1.0, 5.0), "rate": RATE, "reference": False}
    return Measure("predicted", function, about=about, **kept)


def test_a_measure_with_weights_and_without_a_reference(registry, tmp_path):
    np.save(tmp_path / "weights.npy", np.array([1.5, 2.0]))
    register(predicted(tmp_path / "weights.npy"))
    x = voice()
    expected = 1.5 + 2 * np.mean(x**2)
    assert score("predicted", None, x, RATE) == pytest.approx(expected)
    scores, _ = score_all(["predicted"], x * 0, x, RATE)  # the reference is not looked at
    assert scores["predicted"] == pytest.approx(expected)
    with pytest.raises(MeasureError, match="predicted is defined at 16000 Hz, got 8000 Hz"):
        score("predicted", None, x, 8000)
    with pytest.raises(MeasureError, match="degraded holds 1 NaN"):
        score("predicted", None, np.array([0.5, np.nan]), RATE)


def test_weights_that_cannot_be_read_are_a_reason(tmp_path):
    scores, unscored = score_all([predicted(tmp_path / "gone.npy")], None, voice(), RATE)
    assert scores == {} and unscored["predicted"].startswith("predicted lacks what it needs: ")
    assert "gone.npy" in unscored["predicted"]


def test_a_package_that_is_missing_is_a_reason():
    def imports(degraded, rate):
        raise ImportError("No module named 'nisqa'")

    measure = replace(predicted("any"), function=imports, needs="eval")
    with pytest.raises(MeasureError, match=r'named \'nisqa\'; pip install "vocable\[eval\]"$'):
        score(measure, None, voice(), RATE)
