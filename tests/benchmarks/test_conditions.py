"""Inputs of a voice codec: as loud, narrow and noisy as their names say, the same each time."""

import json

import numpy as np
import pytest
import soundfile

from benchmarks.clips import read_manifest
from benchmarks.conditions import CONDITIONS, LEVELS, Scene
from tests.measures.signals import RATE, noise, voice


@pytest.fixture
def scene(tmp_path):
    for n, name in enumerate("bcd"):
        soundfile.write(tmp_path / f"{name}.wav", 0.1 * (n + 1) * noise(RATE, 1, seed=n), RATE)
    rows = [{"path": f"{name}.wav"} for name in "bcd"]
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return Scene(voice(1.5), 5, tuple(read_manifest(tmp_path)))


def power(x: np.ndarray) -> float:
    return 10 * np.log10(np.mean(x**2))


@pytest.mark.parametrize("name", CONDITIONS)
def test_each_has_the_clip_s_length_fits_full_scale_and_comes_again(scene, name):
    given = CONDITIONS[name](scene)
    assert given.shape == scene.x.shape and np.abs(given).max() <= 1 + 1e-9
    assert np.array_equal(given, CONDITIONS[name](scene))


@pytest.mark.parametrize("level", LEVELS)
def test_levels_are_those_of_the_largest_sample(scene, level):
    given = CONDITIONS[f"{level} dB"](scene)
    assert 20 * np.log10(np.abs(given).max()) == pytest.approx(level)
    assert np.allclose(given / given.max(), scene.x / scene.x.max())


@pytest.mark.parametrize("company", ["white noise", "babble"])
def test_noise_is_as_far_below_the_clip_as_it_says(scene, company):
    given = CONDITIONS[f"{company}, 10 dB"](scene)
    gain = np.dot(given, scene.x) / np.dot(scene.x, scene.x)
    assert power(gain * scene.x) - power(given - gain * scene.x) == pytest.approx(10, abs=0.1)


def test_a_second_voice_is_as_loud_and_of_another_clip(scene):
    rest = CONDITIONS["two voices"](scene) - scene.x
    assert power(rest) == pytest.approx(power(scene.x))
    second = scene.others[0].read(RATE)
    assert np.corrcoef(rest[:RATE], second)[0, 1] == pytest.approx(1)


def test_clips_of_one_speaker_give_no_company(scene):
    with pytest.raises(SystemExit, match="a second speaker"):
        CONDITIONS["two voices"](Scene(scene.x))


@pytest.mark.parametrize(
    ("name", "kept", "lost"),
    [("from 8 kHz", (100, 3600), (4200, 8000)), ("300 to 3400 Hz", (400, 3200), (4000, 8000))],
)
def test_a_telephone_keeps_its_band_alone(name, kept, lost):
    x = noise(2 * RATE)
    spectra = [np.abs(np.fft.rfft(samples)) for samples in (x, CONDITIONS[name](Scene(x)))]
    hz = np.fft.rfftfreq(x.size, 1 / RATE)

    def change(low: float, high: float) -> float:
        inside = (hz > low) & (hz < high)
        before, after = (np.sum(spectrum[inside] ** 2) for spectrum in spectra)
        return 10 * np.log10(after / before)

    assert abs(change(*kept)) < 0.3 and change(*lost) < -45  # the clip's ends


def test_a_line_takes_away_what_lies_below_300_hz():
    t = np.arange(RATE) / RATE
    hum = 0.1 * np.sin(2 * np.pi * 100 * t)
    assert power(CONDITIONS["300 to 3400 Hz"](Scene(hum))) < power(hum) - 45


def test_a_room_dies_away_by_60_db_in_half_a_second():
    click = np.zeros(2 * RATE)
    click[0] = 0.5
    rung = CONDITIONS["reverberation, 0.5 s"](Scene(click))
    early, late = (
        power(rung[start : start + RATE // 20]) for start in (RATE // 50, RATE // 50 + RATE // 4)
    )
    assert early - late == pytest.approx(30, abs=2)
    assert np.sum(rung[1:] ** 2) == pytest.approx(rung[0] ** 2, rel=1e-6)
