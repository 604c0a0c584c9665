"""Manifests get phones where there is a text to align; every row stays."""

import json

import numpy as np
import pytest

from vocable.audio import Audio
from vocable.audio.manifest import read_manifest
from vocable.errors import MeasureError
from vocable.train.data.phones import align_manifest


@pytest.fixture
def manifest(tmp_path):
    Audio(np.zeros((2, 16_000), np.float32), 16_000).save(tmp_path / "a.wav")
    rows = [
        {"path": "a.wav", "text": "one", "set": "x", "seconds": 1.0},
        {"path": "a.wav", "start": 0.5, "text": "two", "language": "en"},
        {"path": "a.wav", "text": "drei", "language": "de"},
        {"path": "a.wav"},
        {"path": "a.wav", "text": "known", "phones": [[0, 1, "n"]]},
        {"path": "missing.wav", "text": "gone"},
        {"path": "a.wav", "start": 0.25, "text": "bad"},
    ]
    path = tmp_path / "manifest.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def align(samples, rate, text):
    if text == "bad":
        raise MeasureError("sound and text do not match")
    return ((0.0, len(samples) / rate, text[0]),)


def test_rows_with_an_english_text_get_phones(manifest, tmp_path):
    shares = []
    found = align_manifest(manifest, align, shares.append)
    found.save(tmp_path / "phones.jsonl")
    clips = read_manifest(tmp_path / "phones.jsonl")
    assert [clip.phones for clip in clips] == [
        ((0.0, 1.0, "o"),), ((0.0, 0.5, "t"),), (), (), ((0.0, 1.0, "n"),), (), ()
    ]  # fmt: skip
    assert clips[0].set == "x" and clips[1].start == 0.5
    assert set(found.refused) == {"missing", "a@0.25"}
    assert shares[-1] == 1.0
    with pytest.raises(FileExistsError):
        found.save(tmp_path / "phones.jsonl")
