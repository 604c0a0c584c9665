"""Segments: drawn by length, repeatable, never too quiet where something is louder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vocable.audio.manifest import Clip
from vocable.errors import RecipeError
from vocable.train.data.recordings import Recordings
from vocable.train.data.segments import Segments
from vocable.train.data.tables import Augment

RATE = 8000
PLAIN = Augment(gain_db=(0.0, 0.0), flip=False, min_rms=0.0)


def clips(sets):
    return [Clip(Path(f"{k}.wav"), set=name) for k, name in enumerate(sets)]


def recordings(*parts: np.ndarray, sets: list[str] | None = None) -> Recordings:
    ends = np.cumsum([len(part) for part in parts])
    spans = np.stack([ends - [len(part) for part in parts], ends], axis=1)
    samples = np.round(np.concatenate(parts) * 32767).astype(np.int16)[:, None]
    return Recordings(samples, spans, RATE, clips(sets or [""] * len(parts)))


def draw(source: Recordings, augment: Augment = PLAIN, *, segment: int = 100, **more) -> np.ndarray:
    return (
        Segments(source, augment, batch=400, segment=segment, seed=0, **more).draw().numpy()[:, 0]
    )


def test_longer_recordings_are_drawn_more_often() -> None:
    found = draw(recordings(np.full(1099, 0.1), np.full(3099, 0.5)))
    assert abs(np.mean(found[:, 0] > 0.3) - 0.75) < 0.07


def test_sets_are_weighed() -> None:
    source = recordings(np.full(1099, 0.1), np.full(3099, 0.5), sets=["few", "many"])
    found = draw(source, weights={"few": 3.0})
    assert abs(np.mean(found[:, 0] > 0.3) - 0.5) < 0.07


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"manny": 1.0}, 'names "manny", .* nearest: "many"'),
        ({"few": 0.0, "many": 0.0}, "leaves nothing to train on; give one set more than 0"),
        ({"few": 0.0, "many": np.nan}, "leaves nothing to train on"),
    ],
)
def test_weights_that_fit_no_recording_are_refused(weights: dict, message: str) -> None:
    source = recordings(np.full(500, 0.1), np.full(500, 0.5), sets=["few", "many"])
    with pytest.raises(RecipeError, match=message):
        draw(source, weights=weights)


def test_a_set_may_be_left_out() -> None:
    source = recordings(np.full(500, 0.1), np.full(500, 0.5), sets=["few", "many"])
    assert (draw(source, weights={"few": 0.0}) > 0.3).all()


def test_weights_of_sets_that_no_row_names_have_no_effect_and_are_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    draw(recordings(np.full(500, 0.5)), weights={"librispeech": 2.0})
    assert "data.weights has no effect" in caplog.text


def test_segments_do_not_cross_recordings() -> None:
    found = draw(recordings(np.full(150, 0.1), np.full(150, 0.5)))
    assert (np.ptp(found, axis=1) == 0).all()


def test_every_start_is_drawn_the_first_and_the_last_too() -> None:
    ramp = np.arange(104) / 200
    found = draw(recordings(ramp), segment=100)
    starts, counts = np.unique(np.round(found[:, 0] * 200), return_counts=True)
    assert starts.tolist() == [0, 1, 2, 3, 4] and counts.min() > 40  # of 400
    assert np.allclose(found[:, -1] - found[:, 0], 99 / 200, atol=1e-4)


def test_a_short_recording_is_followed_by_silence() -> None:
    found = draw(recordings(np.full(30, 0.5)))
    assert (found[:, :30] > 0.4).all() and (found[:, 30:] == 0).all()


def test_quiet_segments_are_drawn_again() -> None:
    source = recordings(np.zeros(2000), np.full(500, 0.5))
    assert np.mean(draw(source)[:, 0] == 0) > 0.5
    loud = draw(source, Augment(gain_db=(0.0, 0.0), flip=False, min_rms=0.004))
    assert np.mean(loud[:, 0] == 0) < 0.06  # 20 quiet draws in a row: 2 %


def test_silent_recordings_are_refused() -> None:
    quiet = recordings(np.full(500, 0.001))
    with pytest.raises(RecipeError, match="at most 0.001 rms .* augment.min_rms = 0.004"):
        draw(quiet, Augment())
    assert (draw(quiet) > 0).all()


def test_gain_and_sign_vary_within_full_scale() -> None:
    found = draw(recordings(np.full(500, 0.5)), Augment(gain_db=(-12.0, 12.0)))[:, 0]
    levels = np.abs(found)
    assert levels.max() <= 1.0 and levels.max() > 0.99  # +12 dB would be 2.0
    assert levels.min() < 0.14
    assert 0.4 < np.mean(found < 0) < 0.6


@pytest.mark.parametrize(("decibels", "times"), [(-20.0, 0.1), (6.0206, 2.0)])
def test_gain_is_in_decibels_of_samples(decibels: float, times: float) -> None:
    augment = Augment(gain_db=(decibels, decibels), flip=False)
    assert np.allclose(draw(recordings(np.full(500, 0.4)), augment), 0.4 * times, atol=1e-4)


def test_the_position_is_restored_exactly() -> None:
    source = recordings(np.linspace(-0.5, 0.5, 5000))
    segments = Segments(source, Augment(), batch=4, segment=64, seed=3)
    segments.draw()
    state = json.loads(json.dumps(segments.state()))
    wanted = [segments.draw() for _ in range(3)]
    again = Segments(source, Augment(), batch=4, segment=64, seed=99)
    again.restore(state)
    assert all((again.draw() == batch).all() for batch in wanted)


def test_recordings_shorter_than_a_segment_are_counted(caplog):
    spans = np.array([[0, 100], [100, 1100]])
    source = Recordings(np.full((1100, 1), 9999, np.int16), spans, 100, clips(["", ""]))
    Segments(source, Augment(), batch=1, segment=100, seed=0)
    assert not caplog.records
    Segments(source, Augment(), batch=1, segment=250, seed=0)
    assert caplog.messages == [
        "1 of 2 recordings to train on are shorter than a segment (2.50 s), the shortest 1.00 s; "
        "silence fills the rest"
    ]


def tone(hz: float, seconds: float = 1.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


def peak_hz(samples: np.ndarray) -> np.ndarray:
    windowed = samples * np.hanning(samples.shape[-1])
    return np.abs(np.fft.rfft(windowed)).argmax(-1) * RATE / samples.shape[-1]


def test_speed_moves_pitch_within_its_range_and_fills_the_segment() -> None:
    augment = Augment(gain_db=(0.0, 0.0), flip=False, min_rms=0.0, speed=(0.5, 2.0))
    found = draw(recordings(tone(1000, 3.0)), augment, segment=2000)
    hz = peak_hz(found)
    assert hz.min() < 560 and hz.max() > 1800
    assert np.all((hz > 490) & (hz < 2020))
    assert abs(np.median(hz) - 1000) < 120, "as often slower as faster"
    assert np.abs(found[:, -100:]).max(1).min() > 0.4, "no silence at the end"


def test_speed_one_draws_what_was_drawn_before() -> None:
    source = recordings(np.arange(3000) / 4000)
    same = Augment(gain_db=(0.0, 0.0), flip=False, min_rms=0.0, speed=(1.0, 1.0))
    assert np.array_equal(draw(source), draw(source, same))


def test_a_low_pass_takes_what_lies_above_and_keeps_the_level() -> None:
    rng = np.random.default_rng(0)
    source = recordings(0.1 * rng.standard_normal(4000))
    augment = Augment(
        gain_db=(0.0, 0.0),
        flip=False,
        min_rms=0.0,
        low_pass_share=0.5,
        low_pass_hz=(1500.0, 1500.0),
    )
    found = draw(source, augment, segment=1000)
    power = np.abs(np.fft.rfft(found)) ** 2
    above = power[:, 260:].sum(1) / power.sum(1)
    cut = above < 1e-3
    assert 0.4 < cut.mean() < 0.6 and np.all(above[~cut] > 0.3)
    assert np.sqrt(np.square(found).mean(1)) == pytest.approx(0.1, rel=0.15)


def test_an_equalizer_is_smooth_and_of_the_stated_spread() -> None:
    impulse = np.zeros(2000)
    impulse[1000] = 0.9
    augment = Augment(gain_db=(0.0, 0.0), flip=False, min_rms=0.0, equalizer_db=3.0)
    found = draw(recordings(impulse), augment, segment=2000)
    curves = 20 * np.log10(np.abs(np.fft.rfft(found))[:, 50:])
    assert 1.5 < curves.std(0).mean() < 4.5
    assert np.abs(np.diff(curves, axis=1)).max() < 1.0, "dB from bin to bin"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"speed": (1.2, 0.8)}, "augment.speed is .* wanted the lower first"),
        ({"speed": (0.0, 1.0)}, "augment.speed"),
        ({"equalizer_db": -1.0}, "augment.equalizer_db is -1.0; wanted 0 to 40"),
        ({"low_pass_share": 1.5}, "augment.low_pass_share is 1.5; wanted 0 to 1"),
        ({"low_pass_hz": (0.0, 100.0)}, "augment.low_pass_hz"),
    ],
)
def test_impossible_alterations_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        Augment(**settings)
