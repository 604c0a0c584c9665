"""Conditions in a set of tokens: heard once, fitted to what is trained on, and learnt from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conditions.toys import Described, Loud, vectors
from tests.train.language.small import UNITS, log, recipe
from vocable.conditions import Conditioner, fit_books, read_books
from vocable.errors import RecipeError
from vocable.tokens import AudioTokens, Level, TokenSpec
from vocable.tokens.sets import About, TokenSet, TokenSetWriter
from vocable.train import export, run
from vocable.train.language.prepare import prepare_tokens
from vocable.train.language.tracks import Clock, Stretch

LIKE = TokenSpec("like@1:0a", 16_000, 160_000, 1, (Level(2, role="condition"),) * 2, (2,))
FILE = "condition.safetensors"


class Counts:
    """A tokenizer of recordings of 1 kHz: a unit each 20 samples, by how loud they are."""

    def encode(self, source: object, *, mix: bool = False) -> dict[str, AudioTokens]:
        samples = source.samples[0]  # type: ignore[attr-defined]
        loud = np.abs(samples[: len(samples) // 20 * 20]).reshape(-1, 20).mean(1)
        return {"semantic": AudioTokens(UNITS, [np.minimum(5, 20 * loud).astype(int)[None]])}


def write_sounds(folder: Path, splits: list[str], seed: int = 0) -> Path:
    """Write noises that swell differently, and a manifest of them."""
    folder.mkdir()
    rows = []
    for number, split in enumerate(splits):
        random = np.random.default_rng(seed + number)
        swell = np.interp(np.arange(2000), np.linspace(0, 2000, 7), random.uniform(0.1, 1, 7))
        soundfile.write(folder / f"r{number}.wav", 0.2 * swell * random.normal(size=2000), 1000)
        rows.append(json.dumps({"path": f"r{number}.wav", "split": split}))
    (folder / "manifest.jsonl").write_text("\n".join(rows))
    return folder / "manifest.jsonl"


def write_told(folder: Path) -> Path:
    """Write a set in which a condition says which three of six units there are."""
    with TokenSetWriter(folder) as out:
        out.keep(FILE, b"what made them")
        for number in range(60):
            random, kind = np.random.default_rng(number), number % 2
            units = AudioTokens(UNITS, [3 * kind + random.integers(0, 3, (1, 40))])
            like = AudioTokens(LIKE, [[[kind]], [[0]]])
            split = "train" if number < 40 else "valid"
            out.add({"semantic": units, "condition": like}, About(f"r{number}", split))
    return folder


def test_each_recording_has_one(tmp_path: Path) -> None:
    source = write_sounds(tmp_path / "sounds", ["train"] * 20 + ["valid"] * 3)
    (tmp_path / "sounds" / "r3.wav").write_bytes(b"no sound")
    embeds = Loud()
    shares: list[float] = []
    found = prepare_tokens(
        source, tmp_path / "set", Counts, condition=embeds, progress=shares.append
    )
    assert found.recordings == 22 and list(found.refused) == ["r3"]
    assert found.frames["condition"] == 22 and len(embeds.heard) == 22  # each heard once
    assert shares == sorted(shares) and shares[-1] == 1.0
    tokens, books = TokenSet(tmp_path / "set"), read_books(tmp_path / "set" / FILE)
    assert tokens.specs["condition"] == books.spec and books.levels.shape[:2] == (12, 4)
    made = Conditioner(embeds, books)
    for item in tokens:
        sound = tmp_path / "sounds" / f"{item.about.name}.wav"
        assert item.tracks["condition"] == made.of_sound(sound)


def test_what_is_held_out_is_not_fitted_to(tmp_path: Path) -> None:
    spaces = []
    for number, splits in enumerate((["train"] * 8, ["train"] * 8 + ["valid"] * 4)):
        source = write_sounds(tmp_path / f"sounds{number}", splits)
        prepare_tokens(source, tmp_path / f"set{number}", Counts, condition=Loud())
        spaces.append(read_books(tmp_path / f"set{number}" / FILE).space)
    assert spaces[0] == spaces[1]


def test_another_set_may_have_the_same(tmp_path: Path) -> None:
    made = Conditioner(Described(), fit_books(Described(), vectors(40).abs()))
    source = write_sounds(tmp_path / "sounds", ["eval"])
    prepare_tokens(source, tmp_path / "set", Counts, condition=made)
    assert read_books(tmp_path / "set" / FILE).space == made.books.space
    assert TokenSet(tmp_path / "set").specs["condition"] == made.spec


def test_what_has_no_sound_is_refused(tmp_path: Path) -> None:
    tokens = Counts().encode(type("Sound", (), {"samples": np.ones((1, 200))}))["semantic"]
    (tmp_path / "files").mkdir()
    tokens.save(tmp_path / "files" / "a.vcb")
    with pytest.raises(RecipeError, match=r"a\.vcb has tokens and no sound, in which a condition"):
        prepare_tokens(tmp_path / "files", tmp_path / "set", Counts, condition=Loud())
    source = write_sounds(tmp_path / "sounds", ["train", "valid"])
    with pytest.raises(RecipeError, match="fitted to 2 recordings of split train or more, and 1"):
        prepare_tokens(source, tmp_path / "set", Counts, condition=Loud())
    assert not (tmp_path / "set").exists()


def test_each_stretch_has_all_of_it(tmp_path: Path) -> None:
    tokens = TokenSet(write_told(tmp_path / "set"))
    clock, plain = Clock(tokens, tokens.specs), Clock(tokens, {"semantic": UNITS})
    assert clock.seconds == plain.seconds
    assert np.array_equal(clock.moments, plain.moments)
    for first, last in ((0, 40), (7, 9), (39, 40)):
        for item in (0, 1):
            found = clock.cut(Stretch(item, first, last))
            assert found["condition"] == tokens[item].tracks["condition"]
            assert found["semantic"] == tokens[item].tracks["semantic"][first:last]


@pytest.mark.slow
def test_what_it_tells_is_learnt(tmp_path: Path) -> None:
    """Short stretches, of which the units seen before tell less than the condition does."""
    data = write_told(tmp_path / "set")
    short = ["tokens.seconds=0.06", "model.trunk.dropout=0.0"]
    bits = {}
    for name, more in {"plain": [], "told": ["model.condition=condition"]}.items():
        run(recipe("semantic", *short, *more), data, tmp_path / name, device="cpu")
        bits[name] = log(tmp_path / name, "held_out")[-1]["bits"]["frame"]
    assert bits["told"] < bits["plain"] - 0.1
    assert (tmp_path / "told" / FILE).read_bytes() == b"what made them"
    assert not (tmp_path / "plain" / FILE).exists()
    for name in ("plain", "told"):
        export(tmp_path / name, tmp_path / "out" / name)
        assert (tmp_path / "out" / name / FILE).exists() == (name == "told")


def test_a_track_of_another_kind_is_refused(tmp_path: Path) -> None:
    data = write_told(tmp_path / "set")
    with pytest.raises(RecipeError, match='is "semantic", whose tokens are not of whole record'):
        run(recipe("semantic", "model.condition=semantic"), data, tmp_path / "run", device="cpu")
    fine = recipe("fine", "model.condition=nonsense")
    with pytest.raises(RecipeError, match='is "nonsense", but stage fine reads none; leave it out'):
        run(fine, data, tmp_path / "run", device="cpu")
    with pytest.raises(RecipeError, match='reads a track "conditions", which the data lacks'):
        run(recipe("semantic", "model.condition=conditions"), data, tmp_path / "run", device="cpu")
