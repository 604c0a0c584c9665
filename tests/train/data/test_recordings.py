"""Recordings: decoded once to mono int16, kept until something changes, bad ones left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from vocable.errors import RecipeError
from vocable.train.data.manifest import Clip
from vocable.train.data.recordings import decode_once
from vocable.train.data.tables import Augment

RATE = 8000
PLAIN = Augment()


def test_decoding_resamples_mixes_and_cuts(tmp_path: Path) -> None:
    time = np.arange(16000) / 16000
    tone = 0.5 * np.sin(2 * np.pi * 300 * time)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, 0 * tone], 1), 16000)
    clips = [Clip(tmp_path / "a.wav", 0.25, 0.75), Clip(tmp_path / "a.wav")]
    found = decode_once(clips, RATE, PLAIN, tmp_path / "cache.int16")
    assert [found.clip(i).shape[1] for i in range(2)] == [4000, 8000]
    wanted = 0.25 * np.sin(2 * np.pi * 300 * np.arange(8000) / RATE)
    assert np.abs(found.clip(1)[0] - wanted)[200:-200].max() < 1e-3


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
    (tmp_path / "text.wav").write_text("not a recording")
    soundfile.write(tmp_path / "nan.wav", np.full(80, np.nan), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "a.wav", np.full(800, 0.5), RATE)
    bad = [Clip(tmp_path / name) for name in ("text.wav", "nan.wav", "missing.wav")]
    found = decode_once([*bad, Clip(tmp_path / "a.wav", set="s")], RATE, PLAIN, tmp_path / "c")
    assert len(found) == 1 and found.sets == ["s"]
    assert all(clip.path.name in caplog.text for clip in bad)
    with pytest.raises(RecipeError, match="none of the 3 recordings can be read"):
        decode_once(bad, RATE, PLAIN, tmp_path / "d")


def test_samples_beyond_full_scale_are_clipped(tmp_path: Path) -> None:
    loud = np.array([1.5, -1.5, 1.0, -1.0, 0.5, 0.0] * 100)
    soundfile.write(tmp_path / "a.wav", loud, RATE, subtype="FLOAT")
    found = decode_once([Clip(tmp_path / "a.wav")], RATE, PLAIN, tmp_path / "cache.int16")
    assert found.samples[:6, 0].tolist() == [32767, -32767, 32767, -32767, 16384, 0]


def test_recordings_are_trimmed_and_levelled_where_the_recipe_says_so(tmp_path: Path) -> None:
    tone = 0.01 * np.sin(np.arange(RATE) * 0.3)
    soundfile.write(tmp_path / "a.wav", np.concatenate([np.zeros(RATE), tone]), RATE)
    clips = [Clip(tmp_path / "a.wav")]
    augment = Augment(trim_db=40.0, loudness_db=-23.0)
    found = decode_once(clips, RATE, augment, tmp_path / "cache.int16").clip(0)[0]
    assert len(found) == pytest.approx(1.1 * RATE, abs=RATE // 50)
    level = 20 * np.log10(np.sqrt(np.mean(np.square(found[-RATE:]))))
    assert level == pytest.approx(-23, abs=0.2)


def test_a_stereo_codec_gets_two_channels(tmp_path: Path) -> None:
    left, right = np.full(800, 0.5), np.full(800, -0.25)
    soundfile.write(tmp_path / "stereo.wav", np.stack([left, right], 1), RATE)
    soundfile.write(tmp_path / "mono.wav", left, RATE)
    clips = [Clip(tmp_path / "stereo.wav"), Clip(tmp_path / "mono.wav", 0.05)]
    cache = tmp_path / "cache.int16"
    assert len(decode_once(clips, RATE, PLAIN, cache)) == 2
    found = decode_once(clips, RATE, PLAIN, cache, channels=2)
    assert found.clip(0)[:, 7] == pytest.approx([0.5, -0.25], abs=1e-4)
    assert found.clip(1)[:, 7] == pytest.approx([0.5, 0.5], abs=1e-4)
    assert [found.clip(i).shape for i in range(2)] == [(2, 800), (2, 400)]
