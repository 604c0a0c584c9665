"""Both models are trained by their recipes on a set of tokens with texts; then they say them."""

from __future__ import annotations

import json

import pytest

import vocable
from tests.language.valle.toys import tokens
from vocable.errors import RecipeError, TokenError
from vocable.language.sampling import GREEDY
from vocable.language.valle import Valle
from vocable.tokens.sets import About, TokenSetWriter
from vocable.train import run

KNOWN = {"one": ("yes", "no", 16, 0), "two": ("two", "six", 12, 1)}  # texts, frames, seed
TOY = (
    *("model.trunk.width=32", "model.trunk.layers=2", "model.trunk.heads=2"),
    *("model.trunk.hidden=64", "model.trunk.context=64", "model.trunk.dropout=0.0"),
    *("optimizer.lr=6e-3", "schedule.steps=120", "schedule.warmup=10", "average=0.9"),
    *("tokens.positions=64", "checkpoints.evaluate_steps=0", "checkpoints.log_steps=50"),
    "checkpoints.tensorboard=false",
)


def write(folder, abouts):
    with TokenSetWriter(folder) as out:
        for about, frames, seed in abouts:
            out.add({"acoustic": tokens(frames, seed)}, about)
    return folder


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """Two recordings that can be learnt from, and two that cannot."""
    abouts = [
        (About(name, text=f"{said}. {text}."), frames, seed)
        for name, (said, text, frames, seed) in KNOWN.items()
    ]
    abouts += [(About("no text"), 8, 2), (About("too long", text="a"), 600, 3)]
    return write(tmp_path_factory.mktemp("sets") / "known", abouts)


@pytest.fixture(scope="module")
def second(known, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "second"
    run("valle-nar", known, folder, overrides=TOY, device="cpu")
    return vocable.load(folder)


@pytest.mark.parametrize("groups", [1, 2])
def test_what_was_learnt_by_heart_is_said(known, second, groups, tmp_path):
    overrides = [*TOY, f"model.groups={groups}"]
    run("valle-ar", known, tmp_path / "first", overrides=overrides, device="cpu")
    model = Valle(vocable.load(tmp_path / "first"), second)
    for said, text, frames, seed in KNOWN.values():
        prompt, wanted = (whole := tokens(frames, seed))[: frames // 2], whole[frames // 2 :]
        found = model.speak(f"{text}.", prompt, f"{said}.", sampling=GREEDY)
        assert found.reason == "end" and found.tokens == wanted


@pytest.mark.parametrize("stage", ["ar", "nar"])
def test_held_out_recordings_are_told_level_by_level(stage, tmp_path):
    abouts = [
        (About("one", text="yes"), 9, 0),
        (About("held out", "valid", text="no"), 8, 1),
        (About("held out without text", "valid"), 8, 2),
    ]
    data = write(tmp_path / "set", abouts)
    more = ["schedule.steps=2", "checkpoints.evaluate_steps=1"]
    run(f"valle-{stage}", data, tmp_path / "run", overrides=[*TOY, *more], device="cpu")
    lines = map(json.loads, (tmp_path / "run" / "log.jsonl").read_text().splitlines())
    scores = [line["bits"] for line in lines if line["kind"] == "held_out"]
    levels = {"level0", "end"} if stage == "ar" else {"level1", "level2"}
    assert len(scores) == 2 and all(set(each) == {*levels, "frame"} for each in scores)


def test_sets_that_cannot_be_learnt_from(tmp_path):
    without = write(tmp_path / "without", [(About("a"), 8, 0), (About("b", text="yes"), 600, 1)])
    with pytest.raises(RecipeError, match="has no recordings of split train that valle-ar can"):
        run("valle-ar", without, tmp_path / "run", overrides=TOY, device="cpu")
    mute = write(tmp_path / "mute", [(About("a", text="…"), 8, 0)])
    with pytest.raises(TokenError, match="^a: there are no words to say"):
        run("valle-ar", mute, tmp_path / "run2", overrides=TOY, device="cpu")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (["model.groups=0"], "model.groups is 0; wanted 1 or more"),
        (["model.levels=3"], "model.levels is of stage nar"),
        (['model.stage="nar"', "model.groups=2"], "model.groups is of stage ar"),
        (['model.track="semantic"'], 'reads a track "semantic", which the data lacks'),
    ],
)
def test_recipes_that_cannot_be(override, message, known, tmp_path):
    with pytest.raises(RecipeError, match=message):
        run("valle-ar", known, tmp_path / "run", overrides=override, device="cpu")


def test_one_level_leaves_nothing_to_fill_in(tmp_path):
    with TokenSetWriter(tmp_path / "one") as out:
        out.add({"acoustic": tokens(8).first(1)}, About("a", text="yes"))
    with pytest.raises(
        vocable.errors.ModelError, match="leaves the second model of VALL-E nothing"
    ):
        run("valle-nar", tmp_path / "one", tmp_path / "run", device="cpu")
