"""Segments: drawn by length, repeatable, conditioned, never too quiet where something louder is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vocable.errors import RecipeError
from vocable.train.condition import normalise, trim
from vocable.train.manifest import Clip, loudness
from vocable.train.recipe import Augment
from vocable.train.recordings import Recordings, decode_once
from vocable.train.segments import Segments

RATE = 8000
PLAIN = Augment(gain_db=(0.0, 0.0), flip=False, min_rms=0.0)


def recordings(*parts: np.ndarray, sets: list[str] | None = None) -> Recordings:
    ends = np.cumsum([len(part) for part in parts])
    spans = np.stack([ends - [len(part) for part in parts], ends], axis=1)
    samples = np.round(np.concatenate(parts) * 32767).astype(np.int16)
    return Recordings(samples, spans, RATE, sets or [""] * len(parts))


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


def test_weights_of_sets_that_no_row_names_are_said_to_do_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    draw(recordings(np.full(500, 0.5)), weights={"librispeech": 2.0})
    assert "data.weights weighs nothing" in caplog.text


def test_segments_do_not_cross_recordings() -> None:
    found = draw(recordings(np.full(150, 0.1), np.full(150, 0.5)))
    assert (np.ptp(found, axis=1) == 0).all()


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


def test_the_position_is_restored_exactly() -> None:
    source = recordings(np.linspace(-0.5, 0.5, 5000))
    segments = Segments(source, Augment(), batch=4, segment=64, seed=3)
    segments.draw()
    state = json.loads(json.dumps(segments.state()))
    wanted = [segments.draw() for _ in range(3)]
    again = Segments(source, Augment(), batch=4, segment=64, seed=99)
    again.restore(state)
    assert all((again.draw() == batch).all() for batch in wanted)


def test_decoding_resamples_mixes_and_cuts(tmp_path: Path) -> None:
    time = np.arange(16000) / 16000
    tone = 0.5 * np.sin(2 * np.pi * 300 * time)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, 0 * tone], 1), 16000)
    clips = [Clip(tmp_path / "a.wav", 0.25, 0.75), Clip(tmp_path / "a.wav")]
    found = decode_once(clips, RATE, PLAIN, tmp_path / "cache.int16")
    assert [len(found.clip(i)) for i in range(2)] == [4000, 8000]
    wanted = 0.25 * np.sin(2 * np.pi * 300 * np.arange(8000) / RATE)
    assert np.abs(found.clip(1) - wanted)[200:-200].max() < 1e-3


def test_the_cache_is_used_until_something_changes(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(800, 0.5), RATE)
    cache = tmp_path / "cache.int16"
    decode_once([Clip(tmp_path / "a.wav")], RATE, PLAIN, cache)
    cache.write_bytes(b"\1\0" * 800)
    assert (decode_once([Clip(tmp_path / "a.wav")], RATE, PLAIN, cache).samples == 1).all()
    other = Augment(loudness_db=-20.0)
    assert (decode_once([Clip(tmp_path / "a.wav")], RATE, other, cache).samples > 1).all()


def test_unreadable_recordings_are_left_out_by_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "text.wav").write_text("no recording")
    soundfile.write(tmp_path / "nan.wav", np.full(80, np.nan), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "a.wav", np.full(800, 0.5), RATE)
    bad = [Clip(tmp_path / name) for name in ("text.wav", "nan.wav", "missing.wav")]
    found = decode_once([*bad, Clip(tmp_path / "a.wav", set="s")], RATE, PLAIN, tmp_path / "c")
    assert len(found) == 1 and found.sets == ["s"]
    assert all(clip.path.name in caplog.text for clip in bad)
    with pytest.raises(RecipeError, match="none of the 3 recordings can be read"):
        decode_once(bad, RATE, PLAIN, tmp_path / "d")


def test_trim_leaves_a_tenth_of_a_second() -> None:
    tone = 0.5 * np.sin(np.arange(RATE) * 0.3).astype(np.float32)
    silence = np.zeros(RATE, np.float32)
    found = trim(np.concatenate([silence, tone, silence]), RATE, 40.0)
    assert abs(len(found) - 1.2 * RATE) <= RATE // 50
    assert np.allclose(found[RATE // 10 :][:RATE], tone)
    assert len(trim(silence, RATE, 40.0)) == RATE


def test_normalise_reaches_the_level_or_the_peak() -> None:
    tone = (0.01 * np.sin(np.arange(RATE) * 0.3)).astype(np.float32)
    found = normalise(tone, RATE, -23.0)
    level = loudness(np.square(found).reshape(-1, 160).mean(axis=1))
    assert level is not None and abs(level + 23) < 0.1
    assert np.abs(normalise(tone, RATE, 0.0)).max() == pytest.approx(1.0)
    assert (normalise(0 * tone, RATE, -23.0) == 0).all()
