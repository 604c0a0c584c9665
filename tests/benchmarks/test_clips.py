"""Manifests: where paths are looked for, parts of a file, refusals."""

import json

import numpy as np
import pytest
import soundfile

from benchmarks.clips import read_manifest


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "audio" / "set"
    folder.mkdir(parents=True)
    ramp = np.arange(8000) / 10000
    soundfile.write(folder / "a.wav", np.stack([ramp, ramp], axis=1), 8000, "PCM_16")
    rows = [
        {"path": "set/a.wav", "speaker": "s", "split": "train"},
        {"path": "a.wav", "split": "eval", "start": 0.25, "end": 0.5},
    ]
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    return folder


def test_paths_are_found_from_the_folder_or_above_it(data):
    whole, part = read_manifest(data)
    assert whole.path == part.path == data / "a.wav"
    assert (whole.speaker, part.speaker) == ("s", "a")
    assert read_manifest(data / "manifest.jsonl") == [whole, part]
    assert read_manifest(data, split="train") == [whole]


def test_parts_and_channels_are_read_at_the_rate_asked(data):
    whole, part = read_manifest(data)
    assert whole.read(16000).shape == (16000,)
    assert np.allclose(part.read(8000), np.arange(2000, 4000) / 10000, atol=1e-4)


def test_what_is_missing_is_named(data):
    with pytest.raises(SystemExit, match="no clips of split valid"):
        read_manifest(data, split="valid")
    (data / "a.wav").unlink()
    with pytest.raises(SystemExit, match=r"set/a\.wav: not found in"):
        read_manifest(data)
