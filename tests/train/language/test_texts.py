"""Pairs of recordings, and recordings with texts: what the task "language" makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import vocable
from tests.language.pairs import UNITS, pair, units
from vocable.errors import RecipeError
from vocable.tokens.sets import About, TokenSetWriter
from vocable.train import read_recipe, run

TEXTS = ("ab", "cab", "a bab", "bc c")
SMALL = """
task = "language"
[model]
kind = "{kind}"
letters = " abc"
{more}
[model.trunk]
width = 16
layers = 2
heads = 2
hidden = 16
context = 64
[schedule]
steps = 6
warmup = 2
[checkpoints]
log_steps = 3
evaluate_steps = 3
evaluate_seconds = 0
tensorboard = false
"""
TRANSLATOR = """
[model.decoder]
width = 16
layers = 1
heads = 2
hidden = 16
context = 64
[[model.heads]]
side = "encoder"
layer = 1
text = "source"
[[model.heads]]
side = "decoder"
layer = 1
text = "target"
weight = 0.5
"""


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    with TokenSetWriter(tmp_path / "pairs") as out:
        for k in range(8):
            about = About(
                f"pair {k}", "valid" if k > 5 else "train", text=TEXTS[k % 4], source_text="cab"
            )
            out.add(pair(k, 20 - k, 10), about)
    return tmp_path / "pairs"


@pytest.fixture
def told(tmp_path: Path) -> Path:
    with TokenSetWriter(tmp_path / "told") as out:
        for k in range(8):
            about = About(f"clip {k}", "valid" if k > 5 else "train", text=TEXTS[k % 4])
            out.add({"units": units(UNITS, 14, k)}, about)
    return tmp_path / "told"


def trained(tmp_path: Path, data: Path, kind: str, more: str, *sets: str) -> list[dict[str, Any]]:
    recipe = tmp_path / "small.toml"
    recipe.write_text(SMALL.format(kind=kind, more=more), encoding="utf-8")
    run(recipe, data, tmp_path / "run", overrides=sets, device="cpu")
    lines = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_translator_trains_with_letters(pairs: Path, tmp_path: Path) -> None:
    lines = trained(tmp_path, pairs, "translator", TRANSLATOR)
    losses = next(line["losses"] for line in lines if line["kind"] == "train")
    assert set(losses) == {"units", "source_letters_encoder1", "target_letters_decoder1"}
    held = next(line for line in lines if line["kind"] == "held_out")
    assert held["bits"]["frame"] > 0 and held["bits"]["end"] > 0 and "2-grams" in held
    made = vocable.load(tmp_path / "run")
    assert made.translate(pair(0)["source"]).reason in ("end", "length")
    assert read_recipe("units-to-units").model.heads
    assert not read_recipe("units-to-units", ["model.heads=[]"]).model.heads


def test_a_recogniser_is_judged_by_words_and_letters(told: Path, tmp_path: Path) -> None:
    lines = trained(tmp_path, told, "recogniser", 'track = "units"')
    held = next(line for line in lines if line["kind"] == "held_out")
    assert held["bits"]["letter"] > 0 and held["word_errors"] > 0 and held["letter_errors"] > 0
    assert isinstance(vocable.load(tmp_path / "run").transcribe(units(UNITS, 14, 0)), str)


def test_recordings_longer_than_a_stretch_are_left_out(
    pairs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    short = "schedule.steps=1", "checkpoints.evaluate_steps=0"
    trained(tmp_path, pairs, "translator", TRANSLATOR, "tokens.seconds=0.37", *short)
    assert "2 of 6 recordings are left out: empty, longer than tokens.seconds" in caplog.text
    (tmp_path / "none").mkdir()
    with pytest.raises(RecipeError, match=r"learn from: of at most 0.1 s"):
        trained(tmp_path / "none", pairs, "translator", TRANSLATOR, "tokens.seconds=0.1")


def test_a_track_that_the_data_lacks_is_named(told: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match='reads a track "source", which the data lacks'):
        trained(tmp_path, told, "translator", TRANSLATOR)
