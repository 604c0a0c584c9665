"""PESQ and STOI: identity, order, and every known failure of the packages turned into a reason."""

import sys

import numpy as np
import pytest

from tests.measures.signals import RATE, noise, voice
from vocable.errors import MeasureError
from vocable.measures import pesq, score, stoi


class TestPesq:
    @pytest.fixture(autouse=True)
    def package(self):
        pytest.importorskip("pesq")

    @pytest.mark.parametrize(
        ("mode", "rate", "best"),
        [("wb", 16000, 4.643888), ("nb", 16000, 4.548638), ("nb", 8000, 4.548638)],
    )
    def test_identity_is_the_mapping_of_four_and_a_half(self, mode, rate, best):
        x = voice(rate=rate)
        assert pesq(x, x, rate, mode=mode) == pytest.approx(best, abs=1e-6)

    def test_wideband_is_taken_unasked(self):
        x, y = voice(), voice() + noise(2 * RATE, 1e-4)
        assert pesq(x, y, RATE) == pesq(x, y, RATE, mode="wb") != pesq(x, y, RATE, mode="nb")

    def test_a_telephone_may_have_either_rate(self):
        x, y = voice(), voice() + noise(2 * RATE, 1e-5)
        assert score("pesq_nb", x, y, RATE) == pesq(x, y, RATE, mode="nb")
        assert score("pesq_nb", x[::2], y[::2], 8000) == pesq(x[::2], y[::2], 8000, mode="nb")

    @pytest.mark.parametrize("mode", ["wb", "nb"])
    def test_the_reference_is_what_the_package_compares_with(self, mode):
        from pesq import pesq as package

        x, y = voice(), voice() + noise(2 * RATE, 1e-4)
        swapped = package(RATE, y, x, mode)
        found = pesq(x, y, RATE, mode=mode)
        assert found == package(RATE, x, y, mode) != pytest.approx(swapped, abs=0.01)

    @pytest.mark.parametrize(
        ("mode", "rate", "message"),
        [
            ("wb", 8000, "^pesq_wb is defined at 16000 Hz, got 8000 Hz; resample to it$"),
            ("wb", 44100, "^pesq_wb is defined at 16000 Hz, got 44100 Hz; resample to it$"),
            ("nb", 44100, "^pesq_nb is defined at 16000 or 8000 Hz, got 44100 Hz; resample to it$"),
            ("swb", 48000, '^no mode of pesq named "swb"; nearest: "wb"$'),
        ],
    )
    def test_other_rates_and_modes_are_refused(self, mode, rate, message):
        with pytest.raises(MeasureError, match=message):
            pesq(voice(), voice(), rate, mode=mode)

    @pytest.mark.parametrize("raised", ["NoUtterancesError", "OutOfMemoryError"])
    def test_the_packages_own_errors_keep_their_words(self, monkeypatch, raised):
        import pesq as package

        def fail(*arguments):
            raise getattr(package, raised)(b"what went wrong")  # bytes, as the package does

        monkeypatch.setattr(package, "pesq", fail)
        with pytest.raises(MeasureError, match=r"2.00 s \(what went wrong\)$"):
            pesq(voice(), voice(), RATE)


class TestStoi:
    @pytest.fixture(autouse=True)
    def package(self):
        pytest.importorskip("pystoi")

    @pytest.mark.parametrize("rate", [8000, 16000, 44100])
    def test_identity_is_one(self, rate):
        assert stoi(voice(rate=rate), voice(rate=rate), rate) == pytest.approx(1.0, abs=1e-6)

    @pytest.mark.parametrize("extended", [False, True])
    def test_the_reference_is_what_the_package_compares_with(self, extended):
        from pystoi import stoi as package

        x, y = voice(), voice() + noise(2 * RATE, 1e-2)
        x[:RATE] *= 1e-3  # what is quiet in the reference does not count
        swapped = package(y, x, RATE, extended)
        found = stoi(x, y, RATE, extended=extended)
        assert found == pytest.approx(package(x, y, RATE, extended), abs=1e-9)
        assert found != pytest.approx(swapped, abs=0.01)

    def test_the_extended_one_has_one_value(self):
        x, y = voice(), voice() + noise(2 * RATE, 1e-2)
        assert len({stoi(x, y, RATE, extended=True) for _ in range(3)}) == 1

    @pytest.mark.parametrize("extended", [False, True])
    def test_mostly_silent_input_is_refused(self, extended):
        x = np.concatenate([voice(0.2), np.zeros(RATE)])
        with pytest.raises(MeasureError, match="at least 0.4 s of active speech, got 1.20 s"):
            stoi(x, x, RATE, extended=extended)


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("pesq_wb", "pesq", "pesq"),
        ("stoi", "pystoi", "eval"),
        ("estoi", "pystoi", "eval"),
        ("mcd", "pyworld", "eval"),
        ("dnsmos_sig", "speechmos", "mos"),
        ("plcmos", "speechmos", "mos"),
    ],
)
def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch, name, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        MeasureError, match=rf'needs the package {package}: pip install "vocable\[{extra}\]"$'
    ):
        score(name, voice(1.7), voice(1.7), RATE)
