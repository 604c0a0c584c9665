"""What generated sound shall be like, by the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import vocable
from tests.cli.calls import call, results
from tests.cli.small import write_tone
from vocable.conditions import fit_books, read_books
from vocable.language.config import TransformerConfig
from vocable.language.frames import Frames, FramesConfig
from vocable.language.stages import Part, Stage, StageConfig
from vocable.load import load_embedding
from vocable.load.own_language import save_language
from vocable.tokens import read_tokens
from vocable.tokens.sets import TokenSet

TRUNK = TransformerConfig(width=16, layers=1, heads=2, hidden=16, context=260)


def save_stages(folder: Path, condition: Part | None) -> Path:
    """Write AudioLM's stages of untrained weights, over the tokens of the package."""
    units = Part("semantic", vocable.load("units-16k").spec.to_dict(), 1, dedup=True)
    codec = vocable.load("speech-16k").spec.to_dict()
    coarse, told = Part("acoustic", codec, 4), (condition,) if condition else ()
    made = {
        "semantic": StageConfig(TRUNK, units, told),
        "coarse": StageConfig(TRUNK, coarse, (*told, units)),
        "fine": StageConfig(TRUNK, Part("acoustic", codec, 8, first=4), (coarse,)),
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for name, config in made.items():
            save_language(Stage(config), folder / name, name)
    return folder


@pytest.fixture
def told(here: Path) -> Path:
    """Stages that read a condition, with what makes it beside one of them."""
    embeds = load_embedding("say-16k")
    random = torch.Generator().manual_seed(0)
    books = fit_books(embeds, torch.randn(16, 64, generator=random))
    folder = save_stages(here / "told", Part("condition", books.spec.to_dict(), 12))
    (folder / "coarse" / "condition.safetensors").write_bytes(books.serialised())
    return folder


def test_a_set_has_a_condition(here: Path, small: Path) -> None:
    for number in range(5):
        write_tone(here / "talks" / f"{number}.wav", 0.3 + 0.1 * number)
    rows = [{"path": f"talks/{n}.wav", "split": "train"} for n in range(5)]
    Path("m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    options = "--codec", small, "--condition"
    (facts,) = results("data", "tokens", "m.jsonl", "-o", "set", *options, "say-16k")
    assert facts["frames"]["condition"] == 5
    books = read_books("set/condition.safetensors")
    assert TokenSet("set").specs["condition"] == books.spec
    (again,) = results("data", "tokens", "m.jsonl", "-o", "more", *options, "set")
    assert again["frames"] == facts["frames"]
    assert read_books("more/condition.safetensors").space == books.space
    for one, other in zip(TokenSet("set"), TokenSet("more"), strict=True):
        assert one.tracks == other.tracks
    wrong = call("data", "tokens", "m.jsonl", "-o", "no", *options, "units-16k", code=2)
    assert "--condition: units-16k hears no voices" in wrong.stderr


def test_sound_is_made_like_a_recording(told: Path, speech: Path) -> None:
    ask = "generate", "--model", told, "--seconds", 0.2
    (facts,) = results(*ask, "-o", "new.wav", "--like", speech)
    assert facts["generated"] == 0.2 and read_tokens("new.vcb").frames == 5
    (about,) = results("info", told)
    assert about["abilities"]["text"] == "none"  # say-16k reads no texts
    (more,) = results("continue", speech, "--model", told, "--seconds", 0.2, "-o", "more.wav")
    assert more["generated"] == 0.2


def test_what_cannot_be_asked_is_refused_in_a_line(here: Path, told: Path, speech: Path) -> None:
    def refused(model: Path, *arguments: object) -> str:
        done = call("generate", "-o", "new.wav", "--model", model, *arguments, code=2)
        assert len(done.stderr.strip().splitlines()) == 1
        return done.stderr

    assert "say-16k@1, which hears and reads no texts" in refused(told, "--text", "a calm voice")
    assert "reads what its sound is to be like; give it a text, or a" in refused(told)
    assert "give one of them" in refused(told, "--text", "a", "--like", speech)
    assert "no such file: no.wav" in refused(told, "--like", "no.wav")
    plain = save_stages(here / "plain", None)
    assert "plain was trained without a condition" in refused(plain, "--text", "a calm voice")
    with torch.random.fork_rng(devices=[]):
        frames = Frames(FramesConfig(TRUNK, vocable.load("speech-16k").spec.to_dict(), 4))
    save_language(frames, here / "frames", "frames")
    wanted = "frames@1 takes neither --text nor --like; it has no condition"
    assert wanted in refused(here / "frames", "--like", speech)
    (told / "coarse" / "condition.safetensors").unlink()
    assert "reads a condition and has no condition.safetensors" in refused(told, "--text", "a")
    assert not Path("new.wav").exists()
