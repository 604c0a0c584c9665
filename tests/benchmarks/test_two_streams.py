"""The benchmark of two streams runs on toys; what strangers say is no conversation."""

import json

import numpy as np
import pytest
import soundfile

from benchmarks import two_streams
from tests.benchmarks.test_scripts import table
from vocable.tokens import AudioTokens, Level, TokenSpec

RATE = 16_000


@pytest.fixture(scope="module")
def speakers(tmp_path_factory):
    """Return a manifest of six speakers, in phrases of about half a second."""
    folder, random, rows = tmp_path_factory.mktemp("speakers"), np.random.default_rng(0), []
    for number in range(6):
        parts = []
        for _ in range(14):
            count = round(random.uniform(0.4, 0.8) * RATE)
            parts += [0.1 * random.standard_normal(count), np.zeros(RATE // 5)]
        soundfile.write(folder / f"{number}.wav", np.concatenate(parts), RATE)
        split = "valid" if number > 3 else "train"
        rows.append({"path": f"{number}.wav", "speaker": f"s{number}", "split": split})
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return str(folder / "manifest.jsonl")


@pytest.mark.slow
def test_two_streams(monkeypatch, capsys, codec, speakers, tmp_path):
    monkeypatch.setattr(two_streams, "GIVEN", 1.0)
    asked = ["--codec", codec, "--minutes", "0.3", "--seconds", "3", "--steps", "2", "--seeds", "2"]
    asked += ["--data", speakers, "--levels", "3", "--parameters", "450000"]
    rows, _ = table(monkeypatch, capsys, "two_streams", str(tmp_path), *asked)
    bits = [row for row in rows if row[0] in two_streams.ARMS.values()]
    assert len(bits) == 10 and [row[1] for row in bits[:5]] == [row[1] for row in bits[5:]]
    nominal = [float(row[5].split()[0]) for row in bits if row[1] == "the codec's own"]
    assert nominal[0] == pytest.approx(2 * nominal[1], abs=1)
    names = [row[0] for row in rows[rows.index(bits[-1]) + 2 :]]
    assert names == ["held-out", "strangers", "made, seed 0", "made, seed 1", "all made / held-out"]
    kept = {path: path.stat().st_mtime for path in tmp_path.rglob("model.safetensors")}
    again, _ = table(monkeypatch, capsys, "two_streams", str(tmp_path), *asked)
    assert again == rows and len(kept) == 4
    assert kept == {path: path.stat().st_mtime for path in kept}  # nothing is trained twice


def test_strangers_are_of_two_conversations():
    spec = TokenSpec("toy@1:0a", 16_000, 640, 1, (Level(8), Level(8)), (1, 2))
    one, other = (AudioTokens(spec, [np.full((2, 4), k), np.full((2, 4), k)]) for k in (1, 2))
    found = two_streams.crossed(one, other)
    assert found.codes[0].tolist() == one.codes[0].tolist()
    assert found.codes[1].tolist() == other.codes[1].tolist()
