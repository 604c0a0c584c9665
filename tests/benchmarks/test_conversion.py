"""The benchmark of conversion runs on a recording at two speeds, and draws what it finds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import conversion
from tests.benchmarks.test_scripts import table
from vocable.audio import Audio

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Return a manifest of two speakers of two recordings each."""
    folder, rows = tmp_path_factory.mktemp("voices"), []
    speech = Audio.read(ROOT / "examples" / "speech.flac").mono().resample(16_000)
    half = speech.samples.shape[1] // 2
    for speaker, speed in (("low", 0.9), ("high", 1.2)):
        for part, first in enumerate((0, half)):
            cut = Audio(speech.samples[:, first : first + half], round(16_000 * speed))
            long = Audio(np.tile(cut.resample(16_000).samples, 2), 16_000)
            long.save(folder / f"{speaker}-{part}.wav")
            rows.append({"path": f"{speaker}-{part}.wav", "speaker": speaker, "text": "one two"})
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "manifest.jsonl"


def brightness(samples, rate):
    """Return an embedding that tells which of the two speeds a recording has."""
    power = np.abs(np.fft.rfft(samples, 16_000)) ** 2
    return np.log(power[:4000].reshape(40, 100).mean(1) + 1e-9)


def test_each_way_has_a_row_between_floor_and_ceiling(monkeypatch, capsys, manifest, tmp_path):
    monkeypatch.setattr(conversion, "load_recogniser", lambda name: lambda samples, rate: "one two")
    monkeypatch.setattr(conversion, "load_embedding", lambda name: brightness)
    figure = tmp_path / "conversion.png"
    rows, _ = table(
        monkeypatch, capsys, "conversion", "--manifest", str(manifest), "--ways", "pitch",
        "--figure", str(figure),
    )  # fmt: skip
    names = ["A itself", "A, round trip", "converted, pitch", "B, another recording"]
    assert [row[0] for row in rows[1:]] == names
    itself, _, _, other = rows[1:]
    assert itself[2].startswith("1.000") and itself[3].startswith("0.0") and not other[3]
    assert figure.read_bytes().startswith(b"\x89PNG")
