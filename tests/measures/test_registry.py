"""The table of measures says what is true; what is registered is scored by its name."""

import math
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

from tests.measures.signals import LOUDER, RATE, installed, noise, rate_of, voice
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.measures import (
    REGISTRY,
    Measure,
    default_measures,
    register,
    score,
    score_all,
)

SPEECH = Path(__file__).parents[2] / "examples" / "speech.flac"
SAME = {"visqol_audio": 4.732}  # the score of equal recordings, where it is not the best there is
# Pitch that is still found under noise moves either way.
NOT_MONOTONE = ("f0_cents", "f0_correlation", "f0_voicing")
# What does not change a score, as docs/measures.md says, and by how much rounding moves it.
INVARIANT = {
    "a gain": {
        "si_sdr": 1e-9, "stoi": 1e-9, "estoi": 1e-6, "pesq_wb": 0.02, "pesq_nb": 0.02, "mcd": 0.01,
        "visqol_speech": 1e-3, "visqol_audio": 1e-3, "f0_cents": 0.1, "f0_correlation": 1e-5,
        "f0_voicing": 0.0,
    },
    "a turned sign": {
        "si_sdr": 1e-9, "stoi": 1e-9, "estoi": 1e-9, "mcd": 1e-6, "mel_distance_dac": 1e-9,
        "mel_distance_encodec": 1e-9, "stft_distance_dac": 1e-9, "log_spectral_distance": 1e-9,
        "f0_cents": 1e-9, "f0_correlation": 1e-9, "f0_voicing": 0.0, "pesq_wb": 1e-5,
        "pesq_nb": 1e-5, "visqol_audio": 0.01,
    },
    "the sides": {
        "mel_distance_dac": 1e-12, "mel_distance_encodec": 1e-12, "stft_distance_dac": 1e-12,
        "log_spectral_distance": 1e-12, "mcd": 1e-12, "f0_cents": 1e-9, "f0_correlation": 1e-9,
        "f0_voicing": 0.0,
    },
}  # fmt: skip
CHANGES = {
    "a gain": lambda x, y: (x, 0.7 * y),
    "a turned sign": lambda x, y: (x, -y),
    "the sides": lambda x, y: (y, x),
}


@pytest.fixture(params=REGISTRY)
def measure(request):
    return installed(REGISTRY[request.param])


def with_a_reference(measure):
    return measure.reference or pytest.skip("it compares with nothing")


def spread(rate: int):
    """Return a voice with a little sound in all bands."""
    x = voice(rate=rate)
    return x + noise(x.size, 1e-5, seed=8)


def test_equal_recordings_score_best_and_all_stay_in_the_range(measure):
    with_a_reference(measure)
    rate = rate_of(measure)
    x = spread(rate)
    same, near, far = (score(measure, x, x + noise(x.size, p), rate) for p in (0, 1e-6, 1e-2))
    low, high = measure.range
    assert all(low - 1e-3 <= value <= high + 1e-3 for value in (same, near, far))
    best = SAME.get(measure.name, high if measure.direction == "up" else low)
    assert same == pytest.approx(best, abs=1e-3)
    assert measure.direction in ("up", "down")


def test_more_noise_scores_worse_at_every_step(measure):
    with_a_reference(measure)
    rate = rate_of(measure)
    x = spread(rate)
    powers = (0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
    scores = [score(measure, x, x + noise(x.size, power), rate) for power in powers]
    if measure.name in NOT_MONOTONE:
        scores = [scores[0], scores[-1]]
    assert len(set(scores)) == len(scores)
    assert scores == sorted(scores, reverse=measure.direction == "up")


@pytest.mark.parametrize(
    ("change", "name"), [(change, name) for change, names in INVARIANT.items() for name in names]
)
def test_what_does_not_matter_changes_nothing(change, name):
    measure = installed(REGISTRY[name])
    rate = rate_of(measure)
    x = spread(rate)
    y = x + noise(x.size, 1e-4)
    before, after = (score(measure, *pair, rate) for pair in ((x, y), CHANGES[change](x, y)))
    assert after == pytest.approx(before, abs=INVARIANT[change][name])


@pytest.mark.parametrize("name", ["snr", "segmental_snr", "mel_distance_dac", "stft_distance_dac"])
def test_a_gain_matters_to_the_others(name):
    x = spread(RATE)
    assert abs(score(name, x, 0.7 * x, RATE) - score(name, x, x, RATE)) > 0.1


def test_a_predicted_opinion_falls_with_noise(measure):
    if measure.reference:
        pytest.skip("it compares")
    x = Audio.read(SPEECH).mono().resample(RATE).samples[0].astype(float)
    clean, noisy = (score(measure, None, x + noise(x.size, p), RATE) for p in (0, 3e-4))
    assert 5 >= clean > noisy + 0.2 >= 1.2
    assert score(measure, None, x, RATE) == clean


def test_rates_are_refused_as_the_table_says(measure):
    wrong = measure.rates[0] - 1 if measure.rates else measure.min_rate - 1
    reason = f" is defined .* got {wrong} Hz" if wrong else ": rate must be a whole number of Hz"
    with pytest.raises(MeasureError, match=f"^{measure.name}{reason}"):
        score(measure, voice(), voice(), wrong)


def test_what_computes_it_is_said_with_its_version(measure):
    name, *version = measure.computed_by.split()
    assert name == (measure.package or "vocable")
    assert bool(version) == bool(measure.package) and "?" not in version
    assert measure.version


def test_the_default_measures_are_those_of_speech():
    names = [measure.name for measure in default_measures()]
    assert names[:2] == ["pesq_wb", "stoi"]


def test_a_name_that_is_not_registered_is_refused_with_the_nearest():
    with pytest.raises(MeasureError, match='^no measure named "pesq"; nearest: "pesq_'):
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
        ({"shortest": 2.0, "longest": 1.0}, "the shortest first, got 2 and 1"),
        ({"shortest": -1.0}, "seconds from 0 up"),
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
