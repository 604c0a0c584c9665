"""The parts of ViSQOL against what defines them: filters, windows and sums, one by one."""

import numpy as np
import pytest
import soundfile

from tests.measures.signals import noise, voice
from tests.measures.test_visqol import DATA
from vocable.measures.neurograms.alignment import _envelope, _smooth, align, lag
from vocable.measures.neurograms.features import features
from vocable.measures.neurograms.gammatone import filter_bank
from vocable.measures.neurograms.lattice import _network, _shares, predict
from vocable.measures.neurograms.matching import Place, match
from vocable.measures.neurograms.nsim import Similarity, blur, compare
from vocable.measures.neurograms.patches import all_patches, spoken_patches, within
from vocable.measures.neurograms.realign import Match, _cut, _lined_up, realigned
from vocable.measures.neurograms.score import MODES
from vocable.measures.neurograms.search import similarity_table
from vocable.measures.neurograms.spectrogram import Resolution, Sound, neurograms

SPEECH, AUDIO = Resolution(16000, 21, 8000.0), Resolution(48000, 32, 24000.0)


def filtered_levels(frame: np.ndarray, grid: Resolution) -> np.ndarray:
    """Return the levels of one frame by Slaney's four sections, run sample by sample."""
    signal = pytest.importorskip("scipy.signal")
    step, q, width = 1 / grid.rate, 9.26449, 24.7
    shaped = frame * np.hanning(frame.size)
    levels = []
    for band in range(grid.bands, 0, -1):
        ratio = np.log((50 + q * width) / (grid.highest + q * width)) / grid.bands
        centre = np.exp(band * ratio) * (grid.highest + q * width) - q * width
        decay = np.exp(-1.019 * 2 * np.pi * (centre / q + width) * step)
        angle = 2 * np.pi * centre * step
        poles = [1, -2 * decay * np.cos(angle), decay**2]
        y, at_centre = shaped, 1.0
        for sign in (1, -1):
            for root in (np.sqrt(3 + 2**1.5), np.sqrt(3 - 2**1.5)):
                zero = -decay * (np.cos(angle) + sign * root * np.sin(angle))
                y = signal.lfilter([step, step * zero, 0], poles, y)
                at_centre *= np.abs(signal.freqz([step, step * zero, 0], poles, [angle])[1][0])
        levels.append(np.sqrt(np.mean((y / at_centre) ** 2)))
    return np.array(levels)


@pytest.mark.parametrize("grid", [SPEECH, AUDIO], ids=["speech", "audio"])
def test_levels_are_those_of_the_filters(grid):
    late = np.zeros(grid.size)
    late[-9:] = noise(9, 1.0)  # nearly all of the response rings on after the frame
    for frame in (noise(grid.size, 1.0), voice(0.08, grid.rate), late):
        bank = filter_bank(grid.rate, grid.size, grid.bands, grid.highest)
        ours = bank.levels(frame, grid.hop)[:, 0]
        assert np.allclose(ours, filtered_levels(frame, grid), rtol=1e-7, atol=1e-12)


def test_known_levels_are_those_that_would_be_computed():
    sound = Sound.of(noise(16000), SPEECH)
    for start, end in ((0, 16000), (320, 9000), (321, 9000), (6400, 12800)):
        part = sound.part(start, end)
        fresh = Sound.of(part.samples, SPEECH)
        assert np.allclose(part.levels(), fresh.known, rtol=1e-12)
    later = sound.part(640, 8000).after_silence(320)
    assert np.allclose(later.levels(), Sound.of(later.samples, SPEECH).known, rtol=1e-12)


def test_both_neurograms_have_one_floor():
    loud, quiet = (Sound.of(noise(8000, power), SPEECH) for power in (1e-2, 1e-4))
    tone = Sound.of(0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 16000), SPEECH)
    for x, y in ((loud, quiet), (quiet, loud), (tone, quiet)):
        a, b = neurograms(x, y)
        assert min(a.min(), b.min()) == 0
        apart = 10 * np.log10(x.levels() / y.levels())
        assert np.allclose((a - b)[apart > 0], np.minimum(apart, a)[apart > 0], atol=1e-9)
        highest = np.maximum(a.max(axis=0), b.max(axis=0))
        assert (np.minimum(a.min(axis=0), b.min(axis=0)) >= highest - 45 - 1e-9).all()


def test_the_envelope_is_the_one_by_transforms():
    for size in (1000, 1024, 1025):
        x = noise(size, 1.0) + 0.3
        points = 1 << (size - 1).bit_length()
        spectrum = np.fft.fft(x - x.mean(), points)
        weights = np.zeros(points)
        weights[0], weights[1 : points // 2] = 1, 2
        weights[points // 2] = size == points
        # a real inverse: it takes the half that it is given for both
        real = np.fft.irfft((spectrum * weights)[: points // 2 + 1], points)[:size]
        assert np.allclose(_envelope(x), np.abs(real) + x.mean())


@pytest.mark.parametrize("late", [-700, -1, 0, 1, 700])
def test_a_lag_is_found_and_taken_out(late):
    x = noise(4000, 1.0)
    y = np.pad(x, (late, 0)) if late >= 0 else x[-late:]
    assert lag(x, y) == -late
    assert np.array_equal(align(x, y)[max(0, -late) :][:3000], x[max(0, -late) :][:3000])


def test_a_lag_of_more_than_half_is_not_believed():
    x = noise(4000, 1.0)
    assert lag(x, np.pad(x, (2000, 0))) == -2000
    assert lag(x, np.pad(x, (2001, 0))) == 0


def test_transforms_have_a_fast_length():
    for least in (1, 2, 57599, 57601, 65537, 1545599):
        length = _smooth(least)
        assert least <= length <= max(1, 1.2 * least)
        for prime in (2, 3, 5):
            while length % prime == 0:
                length //= prime
        assert length == 1


def naive_blur(cells: np.ndarray) -> np.ndarray:
    corner, edge, centre = 0.0113033910173052, 0.0838251475442633, 0.619485845753726
    window = np.array([[corner, edge, corner], [edge, centre, edge], [corner, edge, corner]])
    padded = np.pad(cells, 1, mode="edge")
    bands, frames = cells.shape
    return np.array(
        [
            [np.sum(window * padded[i : i + 3, j : j + 3]) for j in range(frames)]
            for i in range(bands)
        ]
    )


def neurogram(frames: int, seed: int) -> np.ndarray:
    return np.maximum(np.random.RandomState(seed).normal(10, 12, (6, frames)), 0)


def test_windows_go_on_beyond_borders():
    cells = neurogram(9, 0)
    assert np.allclose(blur(cells), naive_blur(cells), rtol=1e-12)
    both = np.stack([cells, 2 * cells])
    assert np.allclose(blur(both), np.stack([naive_blur(cells), naive_blur(2 * cells)]))


def test_similarity_is_that_of_means_and_deviations():
    x, y = neurogram(9, 0), neurogram(9, 1)
    mean_x, mean_y = naive_blur(x), naive_blur(y)
    spread_x, spread_y = (
        np.sqrt(naive_blur(z * z) - mean**2) for z, mean in ((x, mean_x), (y, mean_y))
    )
    cells = (2 * mean_x * mean_y + 1e-4) / (mean_x**2 + mean_y**2 + 1e-4)
    cells *= (naive_blur(x * y) - mean_x * mean_y + 4.5e-4) / (spread_x * spread_y + 4.5e-4)
    found = compare(x, y)
    assert np.allclose(found.means, cells.mean(axis=1), rtol=1e-9)
    assert np.allclose(found.deviations, cells.std(axis=1, ddof=1), rtol=1e-9)
    assert np.allclose(found.energies, y.mean(axis=1))
    assert compare(x, x).mean == 1.0


def test_all_places_are_compared_as_each_is():
    size = 7
    patches = np.stack([neurogram(size, seed) for seed in range(5)])
    patches[1] = 0.0  # silence, where deviations are rounding
    degraded = neurogram(200, 9)
    degraded[:, 50:70] = 0.0
    table = similarity_table(patches, degraded)
    assert table.shape == (5, 194)
    for place in (0, 1, 47, 55, 63, 64, 193):
        one = degraded[:, place : place + size]
        expected = [compare(patch, one).mean for patch in patches]
        assert np.allclose(table[:, place], expected, atol=1e-9)


@pytest.mark.parametrize("frames", range(200, 206))
def test_places_that_are_alike_tie(frames):
    repeating = np.tile(neurogram(10, 3), 21)[:, :frames]
    table = similarity_table(np.stack([neurogram(7, seed) for seed in range(5)]), repeating)
    assert np.array_equal(table[:, 10:], table[:, :-10])


def test_patches_are_found_where_they_went():
    x = neurogram(200, 0)
    starts = [9, 29, 49, 69]
    moved = np.concatenate([x[:, 4:60], neurogram(30, 1), x[:, 60:]], axis=1)
    places = match(x, moved, starts, 20)
    assert [place.start for place in places] == [5, 25, places[2].start, 95]
    assert not any(place.lost for place in places)


def test_a_patch_that_is_gone_is_lost_and_the_order_stays():
    x = neurogram(120, 0)
    flat = np.zeros((6, 12))
    short = np.concatenate([x[:, :29], x[:, 49:75], flat], axis=1)
    places = match(x, short, [9, 29, 49], 20)
    assert places[0] == Place(9, lost=False) and places[2] == Place(29, lost=False)
    assert places[1].lost or 9 < places[1].start < 29


def best_by_hand(table: np.ndarray) -> float:
    """Return the highest sum over rising places, where any but the first row may be left out."""
    rows, columns = table.shape
    best = -np.inf

    def go(row: int, last: int, total: float) -> None:
        nonlocal best
        if row == rows:
            best = max(best, total)
            return
        for column in range(last + 1, columns):
            go(row + 1, column, total + table[row, column])
        if row:
            go(row + 1, last, total)

    go(0, -1, 0.0)
    return best


@pytest.mark.parametrize("seed", range(8))
def test_the_places_together_are_the_best(seed, monkeypatch):
    table = np.random.RandomState(seed).normal(0, 1, (4, 7))
    monkeypatch.setattr("vocable.measures.neurograms.matching._table", lambda *_: table)
    places = match(np.zeros((1, 7)), np.zeros((1, 7)), [0, 1, 2, 3], 5)
    found = sum(table[i, place.start] for i, place in enumerate(places) if not place.lost)
    assert found == pytest.approx(best_by_hand(table))


def test_a_patch_beyond_the_end_has_silence_before_it():
    sound = Sound.of(noise(16000), SPEECH)
    whole, late = _cut(sound, 0.2, 0.6), _cut(sound, 0.7, 1.1)
    assert np.array_equal(whole.samples, sound.samples[3200:9600]) and whole.start == 3200
    assert np.array_equal(late.samples, np.pad(sound.samples[11200:15999], (1600, 0)))
    assert late.start is None


@pytest.mark.parametrize(("early", "cut"), [(40, 40), (27, 26)])  # 27 / 48000 * 48000 < 27
def test_what_comes_too_early_is_lined_up(early, cut):
    x = noise(28800, 1.0)
    a, b, late = _lined_up(Sound.of(x, AUDIO), Sound.of(np.append(x[early:], x[:early]), AUDIO))
    assert late == early and np.array_equal(a.samples, x[cut:])
    assert np.array_equal(b.samples[early - cut :], x[early:])
    assert not b.samples[: early - cut].any()


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_what_comes_too_late_is_lined_up(more):
    x = noise(6400, 1.0)
    y = np.concatenate([noise(40, 1.0, seed=8), x])[: 6400 + more]
    a, b, late = _lined_up(Sound.of(x, SPEECH), Sound.of(y, SPEECH))
    assert late == 0 and np.array_equal(a.samples, x[: 6360 + more])
    assert np.array_equal(a.samples, b.samples) and b.start == 40


def test_a_lost_patch_is_like_nothing_and_stays_lost():
    comparison, levels = MODES["speech"].at(16000), np.abs(noise(21 * 60, 100.0)).reshape(21, 60)
    found = comparison._matched(levels, levels, 9, Place(9, lost=False))
    lost = comparison._matched(levels, levels, 9, Place(9, lost=True))
    assert found.similarity.mean == 1.0 and lost.similarity.mean == 0.0
    assert np.array_equal(lost.similarity.energies, found.similarity.energies)
    sound = Sound.of(noise(16000), SPEECH)
    assert realigned(lost, sound, sound) is lost


def test_speech_is_where_the_published_check_has_it():
    x, rate = soundfile.read(DATA / "CA01_01.flac")
    grid = Resolution(rate, 21, 8000.0)
    frames = 1 + (x.size - grid.size) // grid.hop
    assert spoken_patches(x, frames, 20, grid) == [9, 29, 49, 69, 89]


def test_silence_in_the_reference_is_no_patch():
    x = np.concatenate([voice(1.0), np.zeros(32000), voice(1.0)])
    frames = 1 + (x.size - SPEECH.size) // SPEECH.hop
    kept = spoken_patches(x, frames, 20, SPEECH)
    assert kept == [9, 29, 49, 149, 169]


@pytest.mark.parametrize(
    ("frames", "starts"), [(45, [14]), (74, [14]), (75, [14]), (76, [14, 44]), (106, [14, 44, 74])]
)
def test_patches_of_audio_lie_side_by_side(frames, starts):
    assert all_patches(frames, 30) == starts


def test_patches_after_the_end_do_not_count():
    assert within([14, 44, 74], 59, 30) == [14, 44, 74]
    assert within([14, 44, 74], 58, 30) == [14, 44]
    assert within([14], 1, 30) == [14]


def test_features_are_those_of_all_frames():
    cells = np.random.RandomState(0).uniform(0, 1, (12, 3, 20))  # patches, bands, frames
    matches = [
        Match(
            Similarity(each.mean(1), each.std(1, ddof=1), each.mean(1) + 1),
            (i + 0.0, i + 0.4),
            (0.0, 0.4),
        )
        for i, each in enumerate(cells)
    ]
    found = features(matches, 0.020001)
    every = cells.transpose(1, 0, 2).reshape(3, -1)
    assert np.allclose(found.means, every.mean(axis=1))
    assert np.allclose(found.deviations, every.std(axis=1, ddof=1))
    assert np.allclose(found.worst, cells.mean(axis=2).min(axis=0))
    assert np.allclose(found.energies, found.means + 1)
    assert found.mean == pytest.approx(cells.mean())


def test_a_corner_of_a_cube_has_all_of_its_share():
    places = np.zeros((2, 12), np.float32)
    places[1, [0, 11]] = 1
    shares = _shares(places)
    assert shares.shape == (2, 4096) and np.array_equal(shares.argmax(axis=1), [0, 2049])
    assert np.array_equal(shares.sum(axis=1), [1, 1])
    assert np.allclose(_shares(np.full((1, 12), 0.3, np.float32)).sum(), 1, atol=1e-5)


def test_the_network_goes_from_one_to_five():
    network = _network()
    assert network["cubes"].shape == (60, 4096) and network["inputs"].max() == 84
    rng = np.random.RandomState(0)
    for _ in range(20):
        values = np.concatenate([rng.uniform(-0.2, 1.0, 42), rng.uniform(0, 40, 42), [0.5]])
        assert 1 <= predict(values) <= 5
