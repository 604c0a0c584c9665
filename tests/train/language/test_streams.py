"""Models of two streams: what one tells of the other, by level and stream, and what they make."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import vocable
from tests.train.language.small import CODEC, log, recipe
from vocable.errors import ModelError, RecipeError
from vocable.language.home import ContinuingGenerator
from vocable.load import load_coder
from vocable.tokens import AudioTokens
from vocable.tokens.sets import About, TokenSetWriter
from vocable.train import run

DEPTH = "model.depth={width = 16, layers = 1, heads = 2, hidden = 16, context = 8}"
ACOUSTIC_DELAY = ["model.layout=acoustic_delay", DEPTH]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return conversations in which stream 1 says again what stream 0 said two frames before."""
    folder = tmp_path_factory.mktemp("tokens") / "set"
    random = np.random.default_rng(0)
    with TokenSetWriter(folder) as out:
        for number in range(16):
            said = random.integers(0, 6, 62)
            first = np.stack((said[2:], said[:-2]))
            stacks = [first, (first * 5) % 6, first, random.integers(0, 8, first.shape)]
            split = "valid" if number > 12 else "train"
            out.add({"acoustic": AudioTokens(CODEC, stacks)}, About(f"r{number}", split))
    return folder


@pytest.mark.parametrize(
    "layout", [["model.layout=delay"], pytest.param(ACOUSTIC_DELAY, marks=pytest.mark.slow)]
)
def test_a_stream_is_told_from_the_other(layout: list[str], data: Path, tmp_path: Path) -> None:
    asked = recipe("delay", *layout, "schedule.steps=150", "optimizer.lr=0.02")
    run(asked, data, tmp_path / "run", device="cpu")
    last = log(tmp_path / "run", "held_out")[-1]
    bits = last["bits"]
    names = [f"stream{stream}.level{level}" for stream in (0, 1) for level in range(4)]
    assert set(bits) >= {*names, "frame", "end"}
    assert bits["frame"] == pytest.approx(sum(bits[name] for name in names), abs=1e-3)
    assert bits["stream0.level0"] > 2.4  # which nobody can tell
    assert bits["stream1.level0"] < 1.0  # which the other has told
    assert last["1-grams"] == pytest.approx(2 * np.log2(6 * 8), abs=0.6)  # of both streams together
    assert len(last["ngrams"][0]) == len(names)
    model = vocable.load(tmp_path / "run")
    assert isinstance(model, ContinuingGenerator) and model.network.config.streams == 2
    frames = list(model.generate(seconds=0.4, seed=1))
    assert np.stack(frames).shape == (10, 2, 4)
    with pytest.raises(ModelError, match="cannot code tokens"):
        load_coder(tmp_path / "run")


def test_one_row_takes_one_stream(data: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match='"acoustic" has 2 streams.*--mix'):
        run(recipe("flatten"), data, tmp_path / "run", device="cpu")


def test_the_recipe_of_two_streams_is_one(data: Path, tmp_path: Path) -> None:
    from vocable.train import read_recipe
    from vocable.train.language import complete

    found = complete(read_recipe("two-streams"), data)
    with torch.device("meta"):
        network = found.model.network(found.model.config(found.tracks))
    assert network.drawn == 8 and network.depth.rows == 8
