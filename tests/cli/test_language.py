"""Sets of tokens, and models that go on with recordings, by their commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import vocable
from tests.cli.calls import call, results
from tests.cli.small import write_tone
from vocable.codecs.code_places import code_places
from vocable.language.config import TransformerConfig
from vocable.language.frames import Frames, FramesConfig
from vocable.language.stages import Part, Stage, StageConfig
from vocable.load.own_language import save_language
from vocable.tokens import read_tokens
from vocable.tokens.sets import TokenSet
from vocable.train.language.places import read_places

TRUNK = TransformerConfig(width=16, layers=1, heads=2, hidden=16, context=260)


@pytest.fixture
def model(here: Path, small: Path) -> Path:
    """A model of untrained weights over the tokens of the small codec."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Frames(FramesConfig(TRUNK, vocable.load(small).spec.to_dict(), 4))
    save_language(network, here / "model", "toy")
    return here / "model"


@pytest.fixture
def stages(here: Path) -> Path:
    """AudioLM's stages of untrained weights, over the tokens of the package."""
    units = vocable.load("units-16k").spec.to_dict()
    codec = vocable.load("speech-16k").spec.to_dict()
    said, coarse = Part("semantic", units, 1, dedup=True), Part("acoustic", codec, 4)
    fine = Part("acoustic", codec, 8, first=4)
    made = {
        "semantic": StageConfig(TRUNK, said),
        "coarse": StageConfig(TRUNK, coarse, (said,)),
        "fine": StageConfig(TRUNK, fine, (coarse,)),
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for name, config in made.items():
            save_language(Stage(config), here / "audiolm" / name, name)
    return here / "audiolm"


def test_recordings_become_a_set(here: Path, small: Path) -> None:
    for number in range(11):
        write_tone(here / "talks" / f"{number:02}.wav", 0.2 + 0.04 * number)
    (here / "talks" / "bad.wav").write_text("no sound")
    rows = [{"path": f"talks/{n:02}.wav", "speaker": "a", "text": f"word {n}"} for n in range(11)]
    rows.append({"path": "talks/bad.wav"})
    Path("m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (facts,) = results("data", "tokens", "m.jsonl", "-o", "set", "--codec", small, code=1)
    assert facts["recordings"] == 11 and facts["splits"] == {"train": 10, "valid": 1}
    assert list(facts["refused"]) == ["bad"]
    found, codec = TokenSet("set"), vocable.load(small)
    for index, about in enumerate(found.abouts):
        assert about.speaker == "a" and about.text == f"word {int(about.name)}"
        alone = codec.encode(f"talks/{about.name}.wav")
        assert np.array_equal(found.cut(index, "acoustic").codes, alone.codes)
    for own, wanted in zip(
        read_places(Path("set"))["acoustic"],
        code_places(codec, len(codec.spec.levels)),
        strict=True,
    ):
        assert torch.equal(own, wanted)
    assert "exists already" in call("data", "tokens", "m.jsonl", "-o", "set", code=2).stderr
    (again,) = results(
        "data", "tokens", "m.jsonl", "-o", "set", "--codec", small, "--force", code=1
    )
    assert again["frames"] == facts["frames"]
    (faster,) = results(
        "data", "tokens", "m.jsonl", "-o", "more", "--codec", small, "--speed", 1.25, code=1
    )
    assert faster["splits"] == {"train": 20, "valid": 1}


def test_token_files_become_the_same_set(here: Path, small: Path) -> None:
    for name in ("a", "deep/b"):
        write_tone(here / "talks" / f"{name}.wav", 0.4)
    call("encode", "talks", "-o", "tokens", "--codec", small)
    (facts,) = results("data", "tokens", "tokens", "-o", "set")
    assert facts["recordings"] == 2 and facts["frames"] == {"acoustic": 20}
    assert [about.name for about in TokenSet("set").abouts] == ["a", "deep/b"]
    (here / "empty").mkdir()
    assert "holds no .vcb files" in call("data", "tokens", "empty", "-o", "no", code=1).stderr
    assert not Path("no").exists()


def test_a_recording_goes_on(model: Path, small: Path, speech: Path) -> None:
    (facts,) = results("continue", speech, "--model", model, "--codec", small, "--seconds", 0.4)
    assert facts["out"] == str(speech.with_name("speech-continued.wav"))
    before = vocable.load(small).encode(speech)
    tokens = read_tokens(facts["tokens"])
    assert tokens.frames == before.frames + 10 and tokens[: before.frames].codes.tolist() == (
        before.codes.tolist()
    )
    sound, rate = soundfile.read(facts["out"])
    assert (len(sound), rate) == (tokens.frames * tokens.spec.frame, 16_000)
    again = call("continue", speech, "--model", model, "--codec", small, code=2)
    assert "--force" in again.stderr
    (same,) = results(
        "continue", speech, "--model", model, "--codec", small, "--seconds", 0.4, "--force"
    )
    assert read_tokens(same["tokens"]) == tokens


def test_one_begins(here: Path, model: Path, small: Path) -> None:
    (facts,) = results(
        "generate", "-o", "new.wav", "--model", model, "--codec", small, "--seconds", 0.4
    )
    assert facts["generated"] == 0.4 and read_tokens("new.vcb").frames == 10
    longer = ["--model", model, "--codec", small, "--seconds", 12]
    assert "--context sinks" in call("generate", "-o", "long.wav", *longer, code=2).stderr
    for context in ("ring", "sinks"):
        out = f"{context}.wav"
        (facts,) = results("generate", "-o", out, *longer, "--context", context)
        assert facts["generated"] == 12 and facts["reason"] == "length"


def test_lengths_and_seeds_that_are_none_are_refused(model: Path) -> None:
    line = ["generate", "--model", model, "-o", "x.wav"]
    for seconds in ("nan", "inf"):
        said = call(*line, "--seconds", seconds, code=2).stderr
        assert "'--seconds': " in said and said.count("\n") == 1
    assert "'--seed': -1 is not in the range" in call(*line, "--seed", -1, code=2).stderr


def test_stages_go_on_together(stages: Path, speech: Path) -> None:
    (facts,) = results("continue", speech, "--model", stages, "--seconds", 0.2, "-o", "more.wav")
    before = vocable.load("speech-16k").encode(speech)
    tokens = read_tokens("more.vcb")
    assert tokens.frames == before.frames + 5 and tokens[: before.frames].codes.tolist() == (
        before.codes.tolist()
    )
    assert facts["reason"] == "length"
    asked = ("--model", stages, "--context", "ring", "-o", "no.wav")
    assert "takes no --context" in call("continue", speech, *asked, code=2).stderr
    (about,) = results("info", stages)
    assert about["architecture"] == "audiolm" and about["abilities"]["levels"] == 8
    assert "continue" in call("info", stages / "coarse").stdout


def test_a_folder_of_stages_may_say_its_name(stages: Path, speech: Path) -> None:
    facts = {
        "format": 1, "name": "ours", "version": "3", "architecture": "audiolm", "config": {},
        "space": vocable.load("speech-16k").spec.space, "licence": "CC0-1.0",
    }  # fmt: skip
    (stages / "config.json").write_text(json.dumps(facts))
    (about,) = results("info", stages)
    assert about["name"] == "ours@3" and about["licence"] == "CC0-1.0"
    model = vocable.load(stages)
    assert model.name == "ours@3" and model.licence == "CC0-1.0"
    (stages / "fine").rename(stages / "elsewhere")
    done = call("continue", speech, "--model", stages, code=2)
    assert "audiolm lacks the stage fine; copy all of it" in done.stderr


def test_what_cannot_go_on_is_refused_in_a_line(model: Path, small: Path, speech: Path) -> None:
    def refused(*arguments: object) -> str:
        done = call("continue", speech, *arguments, code=2)
        assert len(done.stderr.strip().splitlines()) == 1
        return done.stderr

    assert "has no codec" in refused("--model", model)
    assert "does not go on with recordings" in refused("--model", "speech-16k")
    assert "--codec: speech-16k@2" in refused("--model", model, "--codec", "speech-16k")
    assert "room for" in refused("--model", model, "--codec", small, "--seconds", 60)
    assert 'no model named "nothing"' in refused("--model", "nothing")
    assert list(speech.parent.glob("*continued*")) == []
