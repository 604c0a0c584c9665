"""`vocable data pairs` and `vocable evaluate likelihood`: made pairs, tables, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import Result

import vocable
from tests.cli.calls import call, results
from tests.cli.small import save_small_codec
from tests.evaluate.likelihood.talk import write_noises, write_talks
from tests.language.stages.toys import LIKE
from vocable.evaluate.likelihood import read_pairs
from vocable.language.config import TransformerConfig
from vocable.language.frames import Frames, FramesConfig
from vocable.language.stages import Part, Stage, StageConfig
from vocable.load.own_language import save_language

TRUNK = TransformerConfig(width=16, layers=1, heads=2, hidden=16, context=260)


def save(folder: Path, network: type, config: object) -> Path:
    """Write a model of untrained weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        save_language(network(config), folder, "toy")
    return folder


@pytest.fixture
def model(here: Path, small: Path) -> Path:
    config = FramesConfig(TRUNK, vocable.load(small).spec.to_dict(), 4)
    return save(here / "model", Frames, config)


@pytest.fixture
def talks(here: Path) -> Path:
    return write_talks(here / "talks", speakers=4, each=2)


@pytest.fixture
def pairs(talks: Path) -> Path:
    call("data", "pairs", talks, "-o", "pairs", "--count", 2, "--seconds", 3)
    return Path("pairs")


def test_pairs_are_made_of_a_manifest(here: Path, talks: Path) -> None:
    noises = write_noises(here / "noises")
    line = ["data", "pairs", talks, "-o", "pairs", "--count", 3, "--seconds", 3]
    (facts,) = results(*line, "--noise", noises)
    parts = ["speaker", "gender", "room", "noise", "noise-alike", "order"]
    assert list(facts["items"]) == parts and facts["pairs"] == 33 and not facts["missing"]
    assert len(read_pairs("pairs")) == 33
    assert "pairs exists already; name another" in call(*line, code=2).stderr
    without = call("data", "pairs", talks, "-o", "more", "--count", 1)
    assert "without noise: it needs noises of two classes" in without.stderr
    asked = call("data", "pairs", talks, "-o", "two", "--part", "noise", "--part", "room", code=1)
    assert "error: without noise: it needs noises" in asked.stderr
    assert {pair.part for pair in read_pairs("two")} == {"room"}
    (twice,) = results(*line[:3], "-o", "twice", *["--part", "room"] * 2, "--count", 1)
    assert twice["items"] == {"room": 1}
    assert (
        "has no rows of split eval" in call(*line[:3], "-o", "x", "--split", "eval", code=2).stderr
    )
    assert 'no part named "rom"' in call(*line[:3], "-o", "x", "--part", "rom", code=2).stderr


def test_a_model_and_n_grams_are_asked(model: Path, talks: Path, pairs: Path, small: Path) -> None:
    call("data", "tokens", talks, "-o", "set", "--codec", small)
    line = ["evaluate", "likelihood", model, "--pairs", pairs, "--codec", small]
    rows = results(*line, "--ngrams", "set")
    names = list(dict.fromkeys(row["model"] for row in rows))
    assert names[0] == str(model) and [name[:7] for name in names[1:]] == [
        "0-grams", "1-grams", "2-grams"
    ]  # fmt: skip
    assert {row["part"] for row in rows} == {"speaker", "gender", "room", "order"}
    for row in rows:
        assert 0 <= row["accuracy"] <= 1 and row["chance"] == 0.5 and row["by"] == "mean"
        assert row["pairs"] == row["items"] * (1 if row["part"] == "order" else 2)
        assert 1 <= row["owners"] <= row["items"]
    shown = call(*line).stdout.splitlines()
    assert shown[0].split()[:6] == ["model", "part", "group", "pairs", "items", "owners"]
    first = [row for row in rows if row["model"] == str(model)]
    for text, row in zip(shown[1:], first, strict=True):
        assert f" {100 * row['accuracy']:.1f} " in text and text.endswith(" 50")
    sums = results(*line, "--by", "sum")
    assert {row["by"] for row in sums} == {"sum"} and len(sums) == len(first)


def test_stages_are_asked_alone_and_together(here: Path, talks: Path) -> None:
    call("data", "pairs", talks, "-o", "pairs", "--part", "speaker", "--count", 1, "--seconds", 2)
    units, codec = (vocable.load(name).spec.to_dict() for name in ("units-16k", "speech-16k"))
    part, coarse = Part("semantic", units, 1, dedup=True), Part("acoustic", codec, 4)
    save(here / "audiolm" / "semantic", Stage, StageConfig(TRUNK, part))
    save(here / "audiolm" / "coarse", Stage, StageConfig(TRUNK, coarse, (part,)))
    fine = StageConfig(TRUNK, Part("acoustic", codec, 8, first=4), (coarse,))
    save(here / "audiolm" / "fine", Stage, fine)
    rows = results("evaluate", "likelihood", "audiolm", "--pairs", "pairs")
    names = [row["model"] for row in rows]
    assert names == ["audiolm semantic", "audiolm coarse", "audiolm both"]


def test_what_is_too_long_is_named(pairs: Path, small: Path, here: Path) -> None:
    def asked(context: int, code: int) -> Result:
        trunk = TransformerConfig(width=16, layers=1, heads=2, hidden=16, context=context)
        folder = here / str(context)
        save(folder, Frames, FramesConfig(trunk, vocable.load(small).spec.to_dict(), 4))
        line = ["evaluate", "likelihood", folder, "--pairs", pairs, "--codec", small, "--json"]
        return call(*line, code=code)

    none = asked(20, 2).stderr
    assert "no pair could be judged; the first of" in none
    assert "sees 20 positions, and this recording takes" in none
    some = asked(65, 1)
    assert "sees 65 positions, and this recording takes" in some.stderr
    for row in map(json.loads, some.stdout.splitlines()):
        assert row["pairs"] == row["items"] * (1 if row["part"] == "order" else 2)


def test_wrong_calls_are_refused(model: Path, pairs: Path, small: Path, here: Path) -> None:
    line = ["evaluate", "likelihood", model, "--pairs", pairs]
    missing = call(*line, code=2).stderr
    assert "is not here; give it with --codec NAME_OR_FOLDER" in missing
    other = call(*line, "--codec", save_small_codec(here / "other", seed=1), code=2).stderr
    assert "gives tokens of" in other and "give what they were trained with" in other
    no_model = call("evaluate", "likelihood", "speech-16k", "--pairs", pairs, code=2).stderr
    assert "speech-16k does not say how likely a recording is by itself" in no_model
    (here / "empty").mkdir()
    empty = call("evaluate", "likelihood", model, "--pairs", "empty", code=2).stderr
    assert "empty holds no pairs" in empty
    not_a_set = call(*line, "--codec", small, "--ngrams", "empty", code=2).stderr
    assert "empty is not a set of tokens" in not_a_set
    listed = Path(pairs, "pairs.jsonl").read_text().splitlines()
    row = json.loads(listed[0])
    Path(pairs, row["negative"]).unlink()
    lacks = call(*line, "--codec", small, code=2).stderr
    assert "recordings, the first" in lacks and row["negative"] in lacks
    Path(pairs, "pairs.jsonl").write_text(json.dumps({**row, "negative": row["positive"]}))
    assert "with itself; give two recordings" in call(*line, "--codec", small, code=2).stderr


def test_what_pairs_cannot_be_judged_by_is_refused(pairs: Path, small: Path, here: Path) -> None:
    spec = vocable.load(small).spec.to_dict()
    save(here / "two", Frames, FramesConfig(TRUNK, spec, 4, streams=2))
    said = call("evaluate", "likelihood", "two", "--pairs", pairs, "--codec", small, code=2).stderr
    assert "two models 2 streams, and pairs have one" in said and said.count("\n") == 1
    like, part = Part("condition", LIKE.to_dict(), 3), Part("acoustic", spec, 4)
    save(here / "told", Stage, StageConfig(TRUNK, part, (like,)))
    said = call("evaluate", "likelihood", "told", "--pairs", pairs, "--codec", small, code=2).stderr
    assert "told reads what its sound is to be like" in said and said.count("\n") == 1


def test_n_grams_of_another_space_are_refused(
    model: Path, talks: Path, pairs: Path, small: Path, here: Path
) -> None:
    other = save_small_codec(here / "other", seed=1)
    call("data", "tokens", talks, "-o", "set", "--codec", other)
    line = ["evaluate", "likelihood", model, "--pairs", pairs, "--codec", small]
    done = call(*line, "--ngrams", "set", code=2)
    assert "set has no track acoustic of" in done.stderr
