"""The benchmark of continuations asks each speaker once, and cuts where it says."""

import json

import numpy as np

from benchmarks import continuation
from vocable.audio import Audio


def test_continuations_take_one_long_recording_of_each_speaker(tmp_path):
    random = np.random.default_rng(0)
    rows = [("a", 2.0), ("a", 8.0), ("b", 7.5), ("b", 9.0), ("c", 6.9)]
    with open(tmp_path / "manifest.jsonl", "w") as manifest:
        for number, (speaker, seconds) in enumerate(rows):
            sound = 0.1 * random.standard_normal((1, round(8000 * seconds)))
            Audio(sound.astype(np.float32), 8000).save(tmp_path / f"{number}.wav")
            manifest.write(json.dumps({"path": f"{number}.wav", "speaker": speaker}) + "\n")
    found = continuation.one_of_each_speaker(tmp_path / "manifest.jsonl", 5)
    assert [each.seconds for each in found] == [8.0, 7.5]
    assert len(continuation.one_of_each_speaker(tmp_path / "manifest.jsonl", 1)) == 1
    cut = continuation.part(found[0], 3.0, 7.0)
    assert np.array_equal(cut.samples, found[0].samples[:, 24_000:56_000])
