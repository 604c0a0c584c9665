"""The published pair of recordings gives the published figures, and those of other implementations.

The pair that ludlows/PESQ publishes its figures with is not ours to ship: name its folder (audio/
in that repository) in VOCABLE_PESQ_PAIR to hold the measures to those figures.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.measures.signals import installed
from vocable.measures import REGISTRY, f0, score, si_sdr

PAIR = os.environ.get("VOCABLE_PESQ_PAIR")

pytestmark = pytest.mark.skipif(PAIR is None, reason="VOCABLE_PESQ_PAIR does not name the pair")

FIGURES = {
    "pesq_wb": (1.0832337141, 1e-9),  # its README
    "pesq_nb": (1.6072081327, 1e-9),
    "stoi": (0.6739177895331301, 1e-9),  # mpariente/pystoi, MATLAB 0.6739
    "estoi": (0.39044999103355366, 1e-9),  # pystoi 0.4.1
    "si_sdr": (0.10378976, 1e-8),
    "snr": (0.01349571, 1e-8),
    "segmental_snr": (-4.00180651, 2e-8),  # 192 frames, none of them left out
    "log_spectral_distance": (1.60866698, 1e-8),
    "stft_distance_dac": (3.3998003005981445, 1e-5),  # descript-audiotools 0.7.2, float32
    "mel_distance_dac": (5.344351768493652, 1e-5),
    "mel_distance_encodec": (0.811555602414094, 1e-6),  # torchaudio 2.11, audiocraft's recipe
    "visqol_speech": (2.0964157, 1e-6),  # visqol-python 3.8.0
    "mcd": (8.5750, 1e-4),  # pyworld 0.3.5, pysptk 1.0.1
}
PREDICTED = {  # speechmos 0.0.1.1, of the reference and of the degraded recording
    "dnsmos_ovrl": (3.24582, 1.08887),
    "dnsmos_sig": (3.55181, 1.20469),
    "dnsmos_bak": (4.04745, 1.16835),
    "dnsmos_p808": (3.95093, 2.51360),
}


def pair():
    import soundfile

    found = [
        soundfile.read(Path(PAIR or "") / name) for name in ("speech.wav", "speech_bab_0dB.wav")
    ]
    (x, rate), (y, _) = found
    assert (x.size, rate) == (49600, 16000)
    return x, y, rate


@pytest.mark.parametrize("name", FIGURES)
def test_the_pair_gives_the_figure(name):
    installed(REGISTRY[name])
    figure, within = FIGURES[name]
    assert score(name, *pair()) == pytest.approx(figure, abs=within)


def test_without_removing_means_si_sdr_gives_what_torchmetrics_does():
    assert si_sdr(*pair(), zero_mean=False) == pytest.approx(0.13962697, abs=1e-8)


def test_with_the_level_the_cepstra_differ_as_published():
    pytest.importorskip("pyworld")
    from vocable.measures.cepstral import SCALE, mel_cepstra

    x, y, _ = pair()
    difference = mel_cepstra(x) - mel_cepstra(y)
    whole = SCALE * np.sqrt(np.square(difference).sum(axis=1)).mean()
    assert whole == pytest.approx(14.9577, abs=1e-4)


def test_our_pitch_finder_is_steadier_in_babble_than_the_published_figures():
    found = f0(*pair())  # Harvest: 657.6 cents, correlation 0.3025, voicing error 48.47 %
    assert found.cents < 400 and found.correlation > 0.5 and found.voicing < 30


@pytest.mark.parametrize("name", PREDICTED)
def test_dnsmos_gives_its_figures(name):
    installed(REGISTRY[name])
    x, y, rate = pair()
    found = score(name, None, x, rate), score(name, None, y, rate)
    assert found == pytest.approx(PREDICTED[name], abs=1e-4)


def test_plcmos_gives_its_figures_within_its_chance():
    installed(REGISTRY["plcmos"])
    x, y, rate = pair()
    found = score("plcmos", None, x, rate), score("plcmos", None, y, rate)
    assert found == pytest.approx((4.09166, 1.79666), abs=0.1)
