"""Recordings of any rate, length and number of channels are scored by measures of any rate."""

import numpy as np
import pytest

from tests.measures.signals import noise, voice
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.measures import Measure, register, score_recordings


def rates_seen(name: str, rate: int | tuple[int, ...] | None, **more) -> tuple[Measure, list]:
    seen: list = []

    def function(reference, degraded, rate):
        seen.append((len(reference), len(degraded), rate))
        return 1.0

    options = {"about": "", "unit": "", "direction": None, "range": (0.0, 2.0), "rate": rate}
    return Measure(name, function, **options, **more), seen


def test_each_measure_gets_its_own_rate_and_length(registry):
    wide, seen_wide = rates_seen("wide", 24_000)
    short, seen_short = rates_seen("short", None, longest=0.5)
    register(wide)
    stereo = Audio(np.stack([voice(), voice()]).astype(np.float32), 16_000)
    other = Audio(voice()[:-7].astype(np.float32), 16_000)
    found = score_recordings(["wide", short], stereo, other, 16_000)
    assert found == ({"wide": 1.0, "short": 1.0}, {}, 0.0)
    length = -(-len(other) * 24_000 // 16_000)
    assert seen_wide == [(length, length, 24_000)] and seen_short == [(8000, 8000, 16_000)]


def test_a_measure_that_falls_over_is_not_the_end(registry):
    def too_short(reference, degraded, rate):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied\n(1x2 and 3x4)")

    register(Measure("network", too_short, "", "", "up", (0.0, 1.0)))
    x = Audio(voice().astype(np.float32), 16_000)
    found = score_recordings(["network", "si_sdr"], x, x, 16_000)
    assert list(found.scores) == ["si_sdr"]
    assert found.unscored == {
        "network": "network failed on this clip (RuntimeError: mat1 and mat2 shapes cannot be "
        "multiplied); leave it out"
    }


def late(samples: int, rate: int = 16_000, seconds: float = 2.0) -> Audio:
    """Return a voice that comes so many samples late, or early, with a little noise."""
    x = voice(seconds + 1, rate)
    start = rate // 2 - samples
    return Audio(
        x[start : start + round(seconds * rate)] + noise(round(seconds * rate), 1e-6), rate
    )


@pytest.mark.parametrize("samples", [1, -1, 37, -160, 800, -800])
def test_a_delay_is_put_right_once_and_said(registry, samples):
    register(Measure("predicted", lambda y, rate: float(y.size), "", "", None, (0.0, 1e9),
                     reference=False))  # fmt: skip
    found = score_recordings(["si_sdr", "snr", "predicted"], late(0), late(samples), 16_000)
    assert found.delay == samples / 16_000
    assert min(found.scores["si_sdr"], found.scores["snr"]) > 30 and found.unscored == {}
    assert found.scores["predicted"] == 32_000 - max(0, samples)


def test_a_delay_at_another_rate_is_put_right_too():
    found = score_recordings(["si_sdr"], late(0), late(0).resample(48_000), 16_000)
    assert found.delay == 0 and found.scores["si_sdr"] > 40
    pushed = Audio(np.pad(late(0).resample(48_000).samples[0], (480, 0))[:-480], 48_000)
    found = score_recordings(["si_sdr"], late(0), pushed, 16_000)
    assert found.delay == 0.01 and found.scores["si_sdr"] > 40


@pytest.mark.parametrize(("samples", "words"), [(1600, "0.100 s late"), (-4000, "0.250 s early")])
def test_a_delay_beyond_the_cap_is_a_reason_where_it_matters(registry, samples, words):
    register(Measure("predicted", lambda y, rate: 1.0, "", "", None, (0.0, 2.0), reference=False))
    asked = ["si_sdr", "mel_distance_dac", "visqol_speech", "predicted"]
    found = score_recordings(asked, late(0), late(samples), 16_000)
    assert found.delay == samples / 16_000
    assert (
        list(found.scores) == ["visqol_speech", "predicted"] and found.scores["visqol_speech"] > 4
    )
    assert found.unscored == {
        name: f"{name}: the decoded recording comes {words}, and up to 0.05 s is put right; "
        "line both up"
        for name in asked[:2]
    }


@pytest.mark.parametrize(("x", "y"), [(2.0, 1.5), (1.5, 2.0)])
def test_lengths_that_differ_by_more_than_a_frame_are_a_reason_where_they_matter(x, y):
    whole = late(0, seconds=2.5).samples[0]
    pair = [Audio(whole[: round(seconds * 16_000)], 16_000) for seconds in (x, y)]
    found = score_recordings(["si_sdr", "visqol_speech"], *pair, 16_000)
    assert list(found.scores) == ["visqol_speech"]
    assert found.unscored == {
        "si_sdr": f"si_sdr: the reference lasts {x:.2f} s and the decoded recording {y:.2f} s; "
        "cut both to one length"
    }


def test_silence_is_a_reason_for_every_measure():
    names = ["si_sdr", "mel_distance_dac", "visqol_speech", "f0_cents"]
    silent = Audio(np.zeros(32_000, np.float32), 16_000)
    for pair in ((late(0), silent), (silent, late(0)), (silent, silent)):
        found = score_recordings(names, *pair, 16_000)
        assert found.scores == {} and list(found.unscored) == names and found.delay == 0
        assert all("is silent" in reason for reason in found.unscored.values())


def test_a_measure_of_several_rates_keeps_the_one_that_is_there(registry):
    seen_rates, seen = rates_seen("several", (16_000, 8_000))
    for rate in (8_000, 24_000):
        score_recordings([seen_rates], late(0), late(0), rate)
    assert [rate for _, _, rate in seen] == [8_000, 16_000]


@pytest.mark.parametrize("name", ["seconds", "mel", "step", "delay_seconds"])
def test_a_measure_may_not_hide_what_results_say(name):
    with pytest.raises(MeasureError, match=f'"{name}" is what results say beside scores'):
        Measure(name, lambda *_: 0.0, "", "", "up", (0.0, 1.0))


def test_a_delay_that_is_known_is_taken_and_not_looked_for():
    x, y = late(0), late(160)
    found = score_recordings(["si_sdr"], x, y, 16_000, delay=0.0)
    assert found.delay == 0 and found.scores["si_sdr"] < 10
    found = score_recordings(["si_sdr"], x, y, 16_000, delay=0.01)
    assert found.delay == 0.01 and found.scores["si_sdr"] > 30
    found = score_recordings(["si_sdr"], x, y, 16_000, delay=0.5)
    assert "0.500 s late" in found.unscored["si_sdr"]
