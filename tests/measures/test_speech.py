"""PESQ and STOI: identity, order, and every known failure of the packages turned into a reason."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.measures.signals import RATE, noise, voice
from vocable.errors import MeasureError
from vocable.measures import log_spectral_distance, pesq_wb, si_sdr, stoi

# The pair of recordings that ludlows/PESQ publishes its figures with is not ours to ship: name its
# folder (audio/ in that repository) here to hold the measures to those figures.
PAIR = os.environ.get("VOCABLE_PESQ_PAIR")


class TestPesq:
    @pytest.fixture(autouse=True)
    def package(self):
        pytest.importorskip("pesq")

    def test_identity_is_the_mapping_of_four_and_a_half(self):
        assert pesq_wb(voice(), voice(), RATE) == pytest.approx(4.643888, abs=1e-6)

    def test_more_noise_scores_less(self):
        x = voice()
        scores = [pesq_wb(x, x + noise(2 * RATE, power), RATE) for power in (1e-6, 1e-4, 1e-2)]
        assert scores == sorted(scores, reverse=True) and 1.0 < scores[-1] < 1.5

    def test_the_reference_is_what_the_package_compares_with(self):
        from pesq import pesq

        x, y = voice(), voice() + noise(2 * RATE, 1e-4)
        assert (
            pesq_wb(x, y, RATE)
            == pesq(RATE, x, y, "wb")
            != pytest.approx(pesq(RATE, y, x, "wb"), abs=0.01)
        )

    def test_silence_against_speech_is_refused(self):
        with pytest.raises(MeasureError, match="not defined for a silent degraded signal"):
            pesq_wb(voice(), np.zeros(2 * RATE), RATE)

    @pytest.mark.parametrize("rate", [8000, 44100])
    def test_other_rates_are_refused(self, rate):
        with pytest.raises(MeasureError, match=f"16000 Hz, got {rate} Hz; resample to it"):
            pesq_wb(voice(), voice(), rate)

    @pytest.mark.parametrize(
        ("seconds", "message"),
        [(0.2, "at least 0.25 s, got 0.20 s"), (30.5, "at most 30 s at a time, got 30.50 s")],
    )
    def test_too_short_and_too_long_are_refused(self, seconds, message):
        x = voice(seconds)
        with pytest.raises(MeasureError, match=message):
            pesq_wb(x, x, RATE)

    @pytest.mark.parametrize("raised", ["NoUtterancesError", "OutOfMemoryError"])
    def test_the_packages_own_errors_keep_their_words(self, monkeypatch, raised):
        import pesq

        def fail(*arguments):
            raise getattr(pesq, raised)(b"what went wrong")  # bytes, as the package does

        monkeypatch.setattr(pesq, "pesq", fail)
        with pytest.raises(MeasureError, match=r"2.00 s \(what went wrong\)$"):
            pesq_wb(voice(), voice(), RATE)


class TestStoi:
    @pytest.fixture(autouse=True)
    def package(self):
        pytest.importorskip("pystoi")

    @pytest.mark.parametrize("rate", [8000, 16000, 44100])
    def test_identity_is_one(self, rate):
        assert stoi(voice(rate=rate), voice(rate=rate), rate) == pytest.approx(1.0, abs=1e-6)

    def test_more_noise_scores_less(self):
        x = voice()
        scores = [stoi(x, x + noise(2 * RATE, power), RATE) for power in (1e-6, 1e-4, 1e-2, 1.0)]
        assert scores == sorted(scores, reverse=True) and scores[-1] < 0.5

    def test_the_reference_is_what_the_package_compares_with(self):
        from pystoi import stoi as package

        x, y = voice(), voice() + noise(2 * RATE, 1e-2)
        swapped = package(y, x, RATE)
        assert stoi(x, y, RATE) == package(x, y, RATE) != pytest.approx(swapped, abs=0.01)

    def test_silence_against_speech_is_near_zero(self):
        assert abs(stoi(voice(), np.zeros(2 * RATE), RATE)) < 1e-3

    @pytest.mark.parametrize("seconds", [0.01, 0.1, 0.35])
    def test_too_little_speech_is_refused(self, seconds):
        x = voice(seconds)
        with pytest.raises(MeasureError, match="at least 0.4 s of active speech"):
            stoi(x, x, RATE)

    def test_mostly_silent_input_is_refused_too(self):
        x = np.concatenate([voice(0.2), np.zeros(RATE)])
        with pytest.raises(MeasureError, match="at least 0.4 s of active speech, got 1.20 s"):
            stoi(x, x, RATE)


@pytest.mark.parametrize(
    ("measure", "package", "extra"), [(pesq_wb, "pesq", "pesq"), (stoi, "pystoi", "eval")]
)
def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch, measure, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MeasureError, match=rf'{package}: pip install "vocable\[{extra}\]"$'):
        measure(voice(), voice(), RATE)


@pytest.mark.skipif(PAIR is None, reason="VOCABLE_PESQ_PAIR does not name the published pair")
def test_published_pair_gives_the_published_figures():
    import soundfile

    x, rate = soundfile.read(Path(PAIR or "") / "speech.wav")
    y, _ = soundfile.read(Path(PAIR or "") / "speech_bab_0dB.wav")
    assert (x.size, rate) == (49600, 16000)
    assert pesq_wb(x, y, rate) == pytest.approx(1.0832337141, abs=1e-9)
    assert stoi(x, y, rate) == pytest.approx(0.6739177895331301, abs=1e-9)
    assert si_sdr(x, y) == pytest.approx(0.10378976, abs=1e-8)
    assert log_spectral_distance(x, y) == pytest.approx(1.60866698, abs=1e-8)
