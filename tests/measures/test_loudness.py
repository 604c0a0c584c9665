"""Loudness by BS.1770: the signals whose loudness its documents state."""

import numpy as np
import pytest

from vocable import Audio, MeasureError
from vocable.measures.loudness import loudness

RATES = (8_000, 16_000, 44_100, 48_000, 96_000)


def sine(hz: float, peak_db: float, rate: int, seconds: float = 3.0, channels: int = 1) -> Audio:
    time = np.arange(round(seconds * rate)) / rate
    wave = 10 ** (peak_db / 20) * np.sin(2 * np.pi * hz * time)
    return Audio(np.tile(wave, (channels, 1)).astype(np.float32), rate)


@pytest.mark.parametrize("rate", RATES)
def test_a_sine_at_full_scale_is_what_bs_1770_says(rate):
    """BS.1770-5, annex 1: 0 dB at 997 Hz in one channel reads -3.01 LKFS."""
    assert loudness(sine(997, 0, rate)) == pytest.approx(-3.01, abs=0.05)


@pytest.mark.parametrize(("peak_db", "lufs"), [(-23.0, -23.0), (-33.0, -33.0)])
def test_stereo_sines_of_ebu_tech_3341(peak_db, lufs):
    """Cases 1 and 2: a sine of 1 kHz in both channels, within 0.1 LU."""
    assert loudness(sine(1000, peak_db, 48_000, 5, channels=2)) == pytest.approx(lufs, abs=0.1)


def test_quiet_parts_do_not_count():
    """Tech 3341, case 3, at a fifth of its length: -36 dB, -23 dB, -36 dB read -23 LUFS."""
    parts = [sine(1000, db, 48_000, s, 2).samples for db, s in ((-36, 2), (-23, 12), (-36, 2))]
    whole = Audio(np.concatenate(parts, axis=1), 48_000)
    assert loudness(whole) == pytest.approx(-23.0, abs=0.1)


def test_low_sounds_count_less_and_high_ones_more():
    middle = loudness(sine(1000, -20, 48_000))
    assert loudness(sine(40, -20, 48_000)) < middle - 4
    assert loudness(sine(6000, -20, 48_000)) == pytest.approx(middle + 3.3, abs=0.3)


def test_it_follows_the_gain_exactly():
    loud = sine(300, -10, 16_000)
    quiet = Audio(loud.samples * np.float32(0.1), 16_000)
    assert loudness(loud) - loudness(quiet) == pytest.approx(20, abs=1e-4)


def test_what_has_no_loudness_is_refused():
    with pytest.raises(MeasureError, match=r"loudness is of 0.4 s or more, got 0.30 s"):
        loudness(sine(1000, 0, 16_000, 0.3))
    with pytest.raises(MeasureError, match="nothing is above -70 LUFS"):
        loudness(Audio(np.zeros(16_000, np.float32), 16_000))
