"""What is kept of signals changes no value, is computed once, and stays within its bytes."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.measures.signals import RATE, installed, noise, rate_of, voice
from vocable.audio import Audio
from vocable.measures import REGISTRY, recordings, score, score_recordings
from vocable.measures.kept import Kept, keep

KEEPING = (
    "mel_distance_dac", "mel_distance_encodec", "stft_distance_dac", "log_spectral_distance",
    "visqol_speech", "visqol_audio", "mcd", "f0_cents", "f0_correlation", "f0_voicing",
)  # fmt: skip


def counted(most: int = 1 << 20):
    calls = []
    kept = Kept(most)

    @kept
    def scaled(samples, by: float = 2.0):
        calls.append(by)
        return by * samples

    return scaled, calls, kept


@pytest.mark.parametrize("name", KEEPING)
def test_a_score_is_the_same_whether_its_parts_are_kept_or_not(name, monkeypatch):
    measure = installed(REGISTRY[name])
    rate = rate_of(measure)
    x = voice(1.2, rate)
    systems = [x + noise(x.size, power) for power in (1e-6, 1e-4, 1e-6)]
    kept = [score(name, x, y, rate) for y in systems]
    keep.forget()
    monkeypatch.setattr(keep, "most", 0)
    assert kept == [score(name, x, y, rate) for y in systems] and keep.size == 0
    assert kept[0] == kept[2] != kept[1]


@pytest.mark.parametrize("name", KEEPING)
def test_what_belongs_to_the_reference_is_kept_for_the_next_system(name):
    measure = installed(REGISTRY[name])
    keep.forget()
    x = voice(1.2, rate_of(measure))
    sizes = []
    for seed in (1, 2):
        score(name, x, x + noise(x.size, 1e-6, seed), rate_of(measure))
        sizes.append(len(keep._found))
    assert sizes == [2, 3]  # the reference and one system, then another system


def test_the_same_samples_are_computed_once_and_others_again():
    scaled, calls, _ = counted()
    x = noise(100)
    first = scaled(x)
    assert scaled(x.copy()) is first and calls == [2.0]
    x[50] += 1e-12  # in place: it goes by what the samples are now
    assert scaled(x) is not first and calls == [2.0, 2.0]
    scaled(x, 3.0), scaled(x, by=4.0), scaled(x.astype(np.float32))
    assert calls == [2.0, 2.0, 3.0, 4.0, 2.0]


def test_what_is_kept_cannot_be_written_to():
    scaled, _, _ = counted()
    with pytest.raises(ValueError, match="read-only"):
        scaled(noise(8))[0] = 1.0


def test_bytes_are_bounded_and_the_last_ones_stay():
    scaled, calls, kept = counted(most=3 * 800)
    signals = [noise(100, seed=seed) for seed in range(5)]
    for signal in signals:
        scaled(signals[0])  # asked for again and again, as a reference is
        scaled(signal)
        assert kept.size <= kept.most
    assert len(calls) == 5 and kept.size == 3 * 800
    scaled(signals[1])  # long gone
    assert len(calls) == 6
    kept.forget()
    assert kept.size == 0


def test_what_is_larger_than_all_bytes_is_not_kept_and_drives_nothing_out():
    scaled, calls, kept = counted(most=1000)
    scaled(noise(100)), scaled(noise(200)), scaled(noise(100)), scaled(noise(200))
    assert len(calls) == 3 and kept.size == 800


def test_threads_share_it():
    scaled, _, kept = counted(most=10 * 800)
    signals = [noise(100, seed=seed) for seed in range(30)] * 20
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(scaled, signals))
    assert all(np.array_equal(y, 2 * x) for x, y in zip(signals, found, strict=True))
    assert kept.size == 10 * 800 == sum(each.nbytes for each in kept._found.values())


def test_a_failure_is_not_kept():
    kept, fails = Kept(), [True]

    @kept
    def once(samples):
        if fails.pop():
            raise OSError("gone")
        return samples

    with pytest.raises(OSError, match="gone"):
        once(noise(8))
    fails.append(False)
    assert np.array_equal(once(noise(8)), noise(8))


def test_a_reference_is_resampled_once_for_all_systems_and_measures(monkeypatch):
    seen, plain = [], recordings.resample
    monkeypatch.setattr(recordings, "resample", lambda *a: seen.append(a[0].size) or plain(*a))
    x = Audio(voice(1.0, 24_000).astype(np.float32), 24_000)
    for power in (1e-6, 1e-5, 1e-4):
        y = Audio((x.samples[0] + noise(24_000, power)).astype(np.float32), 24_000)
        score_recordings(["f0_cents", "f0_voicing", "visqol_speech"], x, y, RATE)
    assert len(seen) == 4
