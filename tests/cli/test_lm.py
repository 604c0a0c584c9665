"""`vocable encode --lm M`: token files that a language model codes."""

from pathlib import Path

import pytest
import torch

import vocable
from tests.cli.calls import call, called, results
from vocable.language.config import TransformerConfig
from vocable.language.frames import Frames, FramesConfig
from vocable.language.lessons import Lessons
from vocable.load.own_language import save_language
from vocable.tokens.file import coding_model


@pytest.fixture
def models(here: Path, small: Path, speech: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with two models, which have learnt one recording by heart."""
    monkeypatch.setattr(coding_model, "_known", {})
    tokens = vocable.load(small).encode("speech.wav")
    for seed, name in enumerate(("one", "other")):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            trunk = TransformerConfig(width=16, layers=1, heads=1, hidden=16, context=64)
            network = Frames(FramesConfig(trunk, tokens.spec.to_dict(), 4, "parallel"))
        lessons = Lessons.of([network.lesson({"acoustic": tokens})])
        optimizer = torch.optim.Adam(network.parameters(), 0.03)
        for _ in range(40):
            optimizer.zero_grad()
            network.nats(lessons).nats.sum().backward()
            optimizer.step()
        save_language(network, here / "models" / name, name)
    return here / "models"


def test_with_a_model_files_are_smaller_and_sound_the_same(models: Path, small: Path) -> None:
    for name, lm in (("plain", ()), ("coded", ("--lm", models / "one"))):
        (facts,) = results("encode", "speech.wav", "-o", f"{name}.vcb", "--codec", small, *lm)
        assert ("coded_by" in facts) == (name == "coded")
    call("decode", "plain.vcb", "--codec", small)
    call("decode", "coded.vcb", "--codec", small, "--lm", models / "one")
    assert Path("plain.wav").read_bytes() == Path("coded.wav").read_bytes()
    assert Path("coded.vcb").stat().st_size < Path("plain.vcb").stat().st_size - 20


def test_without_the_model_one_line_says_which_is_needed(models: Path, small: Path) -> None:
    call("encode", "speech.wav", "--codec", small, "--lm", models / "one")
    apart = called("info", "speech.vcb")  # which loads no model
    assert b"coded by" in apart.stdout and b"one@1 (" in apart.stdout
    apart = called("decode", "speech.vcb", "-o", "x.wav", "--codec", small)
    assert apart.returncode == 1 and b"coded by the model one@1" in apart.stderr
    assert len(apart.stderr.splitlines()) == 1
    coding_model._known.clear()
    other = call("decode", "speech.vcb", "-o", "x.wav", "--codec", small, "--lm", models / "other",
                 code=1)  # fmt: skip
    assert "at hand: other@1" in other.output and not Path("x.wav").exists()


def test_what_cannot_be_is_refused(models: Path, small: Path) -> None:
    some = ("encode", "speech.wav", "--codec", small)
    assert "--lm" in call(*some, "--lm", "nothing-here", code=2).output
    assert "not a model of tokens" in call(*some, "--lm", small, code=2).output
    assert "--levels 4" in call(*some, "--lm", models / "one", "--levels", 3, code=1).output
    call(*some, "--lm", models / "one", "-o", "x.npy", code=2)
