"""The benchmark of speaking: its table, from a run of a second, and a recogniser that is none."""

import json
import sys

import numpy as np
import pytest
import soundfile

from benchmarks import speaking
from benchmarks.sentences import HARVARD, NEWS
from tests.train.say.small import recipe, write
from vocable.train import run


def test_sixty_sentences_that_can_be_said():
    assert len({*HARVARD, *NEWS}) == 60
    assert all(text.endswith(".") and not any(map(str.isdigit, text)) for text in HARVARD + NEWS)


@pytest.mark.slow
def test_its_table(tmp_path, monkeypatch, capsys):
    run(recipe(schedule={"steps": 2, "warmup": 1}), write(tmp_path), tmp_path / "run")
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(0).normal(0, 0.1, 8000), 16_000)
    rows = {"path": "a.wav", "speaker": "speaker0", "split": "valid", "text": "the city"}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(rows))
    monkeypatch.setattr(speaking, "load_recogniser", lambda name: lambda x, rate: "the city voted")
    line = ["speaking", str(tmp_path / "run"), "--speech", str(tmp_path / "speech.npz")]
    line += ["--speaker", "speaker0", "--manifest", str(tmp_path / "manifest.jsonl")]
    monkeypatch.setattr(sys, "argv", [*line, "--sentences", "2", "--seeds", "1"])
    speaking.main()
    printed = capsys.readouterr().out.splitlines()
    table = [[cell.strip() for cell in row.split("|")[1:-1]] for row in printed if "|" in row]
    assert [row[:3] for row in table[2:]] == [
        ["recordings", "1", "2"],
        ["round trip", "1", "2"],
        ["spoken", "2", "24"],
        ["texts of others", "2", "24"],
    ]
    assert table[2][3].startswith("50.0 %")
    assert "times real time" in printed[-1] and "python -m benchmarks.speaking" in printed[-1]
