"""Conversations that are made of single speakers: their times are known, and measured."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.calls import call, results
from vocable import Audio
from vocable.audio.manifest import read_manifest
from vocable.errors import RecipeError
from vocable.measures.turns import turns
from vocable.train.data.conversations import make_conversations

RATE = 16_000


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a manifest of six speakers, each a sound of its own, in phrases of about a second."""
    folder = tmp_path_factory.mktemp("speakers")
    random, rows = np.random.default_rng(0), []
    for number in range(6):
        parts = []
        for _ in range(12):
            time = np.arange(round(random.uniform(0.6, 1.6) * RATE)) / RATE
            parts += [np.sin(2 * np.pi * 100 * (number + 2) * time), np.zeros(round(0.25 * RATE))]
        soundfile.write(folder / f"{number}.wav", 0.3 * np.concatenate(parts), RATE)
        split = "valid" if number > 3 else "train"
        rows.append({"path": f"{number}.wav", "speaker": f"s{number}", "split": split})
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_two_speakers_take_turns(manifest: Path, tmp_path: Path) -> None:
    wanted = {"train": 1.0, "valid": 0.4}
    made = make_conversations(read_manifest(manifest), tmp_path / "a", wanted, seconds=15)
    rows = [json.loads(line) for line in made.read_text().splitlines()]
    seconds = dict.fromkeys(wanted, 0.0)
    for row in rows:
        audio = Audio.read(made.parent / row["path"])
        seconds[row["split"]] += audio.seconds
        assert (audio.channels, audio.rate) == (2, RATE) and 5 <= audio.seconds <= 15
        speakers = row["speaker"].split("+")
        assert len(set(speakers)) == 2
        assert {int(who[1]) > 3 for who in speakers} == {row["split"] == "valid"}
        silent = np.ones((2, len(audio)), bool)
        for channel, begin, end in row["laid"]:
            first, last = round(begin * RATE), round(end * RATE)
            assert silent[channel, first + 16 : last - 16].all()  # nobody talks over themselves
            silent[channel, max(0, first - 16) : last + 16] = False
        assert not audio.samples[silent].any()
        found, laid = turns(audio.samples, RATE), row["laid"]
        passes = sum(one[0] != other[0] for one, other in zip(laid, laid[1:], strict=False))
        assert abs(len(found.turns) - 1 - passes) <= 1
    for split, minutes in wanted.items():
        assert 60 * minutes <= seconds[split] <= 60 * minutes + 15
    again = make_conversations(read_manifest(manifest), tmp_path / "b", wanted, seconds=15)
    other = make_conversations(read_manifest(manifest), tmp_path / "c", wanted, seconds=15, seed=1)
    assert made.read_text() == again.read_text() != other.read_text()


def test_speakers_who_are_too_few_or_say_too_little(manifest: Path, tmp_path: Path) -> None:
    clips = read_manifest(manifest)
    with pytest.raises(RecipeError, match="recordings of 1 known speakers"):
        make_conversations(clips[:1], tmp_path / "a", {"train": 1.0})
    with pytest.raises(RecipeError, match="say too little for 600 s"):
        make_conversations(clips, tmp_path / "a", {"train": 1.0}, seconds=600)
    assert not (tmp_path / "a").exists()


def test_the_command(manifest: Path, tmp_path: Path) -> None:
    out, asked = str(tmp_path / "out"), ["--minutes", "0.5", "--seconds", "12"]
    (facts,) = results("data", "conversations", str(manifest), "-o", out, *asked)
    assert facts["minutes"] == {"train": 0.5, "valid": 0.1}
    assert {clip.split for clip in read_manifest(facts["manifest"])} == {"train", "valid"}
    said = call("data", "conversations", str(manifest), "-o", out, code=2).stderr
    assert "out is there already" in said
