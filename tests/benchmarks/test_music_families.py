"""The benchmark of music codecs trains each once, and reports what is sung apart."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks import music_families
from benchmarks.music_families import Found, nearest, tables
from tests.benchmarks.test_scripts import table
from tests.measures.signals import RATE, noise, voice
from vocable.audio import Audio
from vocable.audio.manifest import Clip
from vocable.evaluate import token_use
from vocable.testing.codec_examples import small_codec


def found(sound: list[list[float]], steps: int = 0) -> Found:
    codec = small_codec("esc")
    tokens = codec.encode(np.zeros(codec.spec.rate, np.float32), rate=codec.spec.rate)
    return Found("esc", 9, steps, token_use([tokens]), np.array(sound))


def test_prefixes_are_those_of_the_nearest_rates():
    codec = small_codec("esc")
    audio = Audio(np.zeros((1, codec.spec.rate), np.float32), codec.spec.rate)
    own = [float(codec.encode(audio).first(n).bitrate) for n in (3, 6, 9)]
    assert nearest(codec, audio, [0.0, 0.9 * own[0], 1.1 * own[1]]) == [3, 6]
    assert nearest(codec, audio, [1e9]) == [9]


def test_what_is_sung_is_reported_apart():
    clips = [Clip(Path(f"{name}.wav")) for name in ("a-song", "b", "c")]
    lines = list(tables([found([[1.0], [2.0], [6.0]], 7)], clips, ["mel distance"], ["song"]))
    assert lines[1].startswith("| esc | 9 | 7 |") and "| 3.000 [" in lines[1]
    assert "\nOf singing: 1 of the recordings.\n" in lines
    assert "| esc | 9 | 1.000 |" in lines


def test_a_set_without_singing_says_so():
    lines = list(tables([found([[1.0], [2.0]])], [Clip(Path("b")), Clip(Path("c"))], ["x"], ["no"]))
    assert "\nOf singing: 0 of the recordings.\n" in lines
    assert "| it ships |" in lines[1]
    assert sum("| levels |" in line for line in lines) == 1  # no table of its own


def test_an_undefined_measure_is_a_dash():
    clips = [Clip(Path("a-song")), Clip(Path("b"))]
    lines = list(tables([found([[np.nan], [2.0]])], clips, ["x"], ["song"]))
    assert "| esc | 9 | – |" in lines


def test_visqol_hears_at_its_own_rate():
    sound = np.tile(voice(1.0), 2)
    hear = music_families.MEASURES["ViSQOL"]
    assert hear(sound, sound, RATE) == pytest.approx(4.732, abs=0.01)
    assert hear(sound, sound + 0.1 * noise(len(sound)), RATE) < 4.5


@pytest.mark.slow
def test_music_families(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(music_families, "PROBES", (1, 1, 2))
    for number in range(4):
        sound = np.concatenate([voice(1.0), noise(RATE)])
        soundfile.write(tmp_path / f"{number}.wav", sound, RATE)
    rows = [{"path": f"{n}.wav", "split": "valid" if n == 3 else "train"} for n in range(4)]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("\n".join(map(json.dumps, rows)))
    asked = [str(tmp_path / "runs"), "--data", str(manifest), "--eval", str(manifest)]
    asked += ["--seconds", "0.001", "--clips", "2", "--singing", "0", "--without-visqol"]
    shown, _ = table(monkeypatch, capsys, "music_families", *asked)
    assert {row[0] for row in shown[1:]} >= {"jukebox", "harpnet", "esc", "sound-48k", "dmel-16k"}
    kept = {path: path.stat().st_mtime for path in tmp_path.rglob("model.safetensors")}
    again, _ = table(monkeypatch, capsys, "music_families", *asked)
    assert again == shown and kept  # nothing is trained twice
    assert kept == {path: path.stat().st_mtime for path in kept}
