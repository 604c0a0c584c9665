"""Conversations that are made of single speakers: their times are known, and measured."""

import json
from dataclasses import replace
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
    rows = [json.loads(line) for line in made.manifest.read_text().splitlines()]
    seconds = dict.fromkeys(wanted, 0.0)
    for row in rows:
        audio = Audio.read(made.manifest.parent / row["path"])
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
        assert made.minutes[split] == pytest.approx(seconds[split] / 60)
    again = make_conversations(read_manifest(manifest), tmp_path / "b", wanted, seconds=15)
    other = make_conversations(read_manifest(manifest), tmp_path / "c", wanted, seconds=15, seed=1)
    lines = [each.manifest.read_text() for each in (made, again, other)]
    assert lines[0] == lines[1] != lines[2]


def test_what_cannot_be_made_leaves_nothing(manifest: Path, tmp_path: Path) -> None:
    clips = read_manifest(manifest)
    with pytest.raises(RecipeError, match="train has recordings of 1 known speakers"):
        make_conversations(clips[3:], tmp_path / "a", {"valid": 0.1, "train": 1.0})
    with pytest.raises(RecipeError, match="say too little for 600 s"):
        make_conversations(clips, tmp_path / "a", {"train": 1.0}, seconds=600)
    for wrong in (float("nan"), float("inf"), 0.0):
        with pytest.raises(RecipeError, match="minutes of train must be above 0, and finite"):
            make_conversations(clips, tmp_path / "a", {"train": wrong})
        with pytest.raises(RecipeError, match="^seconds must be above 0, and finite"):
            make_conversations(clips, tmp_path / "a", {"train": 1.0}, seconds=wrong)
    assert not list(tmp_path.iterdir())


def test_a_run_that_was_stopped_is_done_again(manifest: Path, tmp_path: Path) -> None:
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    clips, wanted = read_manifest(manifest), {"train": 0.2, "valid": 0.1}
    with pytest.raises(KeyboardInterrupt):
        make_conversations(clips, tmp_path / "a", wanted, seconds=10, progress=stop)
    assert not list(tmp_path.iterdir())
    made = make_conversations(clips, tmp_path / "a", wanted, seconds=10)
    assert [each.name for each in tmp_path.iterdir()] == ["a"]
    with pytest.raises(FileExistsError, match="a exists already; name another"):
        make_conversations(clips, tmp_path / "a", wanted, seconds=10)
    assert {clip.split for clip in read_manifest(made.manifest)} == {"train", "valid"}


def test_licences_are_those_of_all_recordings(manifest: Path, tmp_path: Path) -> None:
    known = {0: "CC0", 1: "CC BY 4.0"}
    clips = [
        replace(each, licence=known.get(k, "")) for k, each in enumerate(read_manifest(manifest))
    ]
    for some, licence in [(clips[:2], "CC BY 4.0, CC0"), (clips[1:3], "CC BY 4.0, unknown")]:
        made = make_conversations(some, tmp_path / licence, {"train": 0.1}, seconds=10)
        assert {clip.licence for clip in read_manifest(made.manifest)} == {licence}


def test_the_command(manifest: Path, tmp_path: Path) -> None:
    out, asked = str(tmp_path / "out"), ["--minutes", "0.5", "--seconds", "12"]
    line = ["data", "conversations", str(manifest), "-o", out]
    for wrong, said in [
        (["--seconds", "nan"], "nan is not a finite number"),
        (["--minutes", "nan"], "nan is not a finite number"),
        (["--seed", "-1"], "-1 is not in the range x>=0"),
    ]:
        assert said in call(*line, *wrong, code=2).stderr
    (facts,) = results(*line, *asked)
    clips, made = read_manifest(facts["manifest"]), dict.fromkeys(facts["minutes"], 0.0)
    for clip in clips:
        made[clip.split] += clip.read().seconds / 60
    assert facts["minutes"] == pytest.approx(made, abs=1e-3)
    assert made["train"] >= 0.5 and made["valid"] >= 0.1 and len(made) == 2
    assert "out exists already; name another" in call(*line, code=2).stderr
