"""Models of tokens, trained at home: they learn, resume, say what they know, and are used."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import vocable
from tests.train.language.small import CODEC, HEADS, UNITS, log, recipe, write_set
from vocable import weights
from vocable.errors import RecipeError
from vocable.train import checkpoint, export, run
from vocable.train.language.best import Best
from vocable.train.language.places import FILE
from vocable.train.language.verdicts import problems
from vocable.train.loop import Loop


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("tokens") / "set")


@pytest.mark.parametrize("head", HEADS)
def test_it_learns_and_says_what_it_knows(head: str, data: Path, tmp_path: Path) -> None:
    model = run(recipe(head), data, tmp_path / "run", device="cpu")
    first, last = log(tmp_path / "run", "held_out")
    assert last["bits"]["frame"] < first["bits"]["frame"]
    levels = [last["bits"][name] for name in last["bits"] if name.startswith("level")]
    assert last["bits"]["frame"] == pytest.approx(sum(levels), abs=1e-4)  # the log rounds
    assert last["2-grams"] < last["0-grams"] and last["waited"] == 0
    lines = log(tmp_path / "run", "train")
    assert lines[-1]["verdict"] == "healthy" and lines[-1]["positions_per_second"] > 0
    assert set(lines[-1]["losses"]) >= {name for name in last["bits"] if name.startswith("level")}
    loaded = vocable.load(tmp_path / "run")
    assert type(loaded.network) is type(model) and loaded.name.endswith("@1")
    for name, value in model.state_dict().items():
        assert torch.allclose(loaded.network.state_dict()[name], value, atol=1e-3), name


def test_killed_and_resumed_equals_undisturbed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = recipe("coarse", "checkpoints.every_steps=10")
    run(asked, data, tmp_path / "whole", device="cpu")
    after = Loop._after_step

    def killed(self: Loop) -> None:
        after(self)
        if self.step == 25:
            raise KeyboardInterrupt

    monkeypatch.setattr(Loop, "_after_step", killed)
    with pytest.raises(KeyboardInterrupt):
        run(asked, data, tmp_path / "parts", device="cpu")
    monkeypatch.setattr(Loop, "_after_step", after)
    run(asked, data, tmp_path / "parts", device="cpu", resume=True)
    one, other = (checkpoint.load(tmp_path / name) for name in ("whole", "parts"))
    for part in ("model", "average"):
        for name, value in one[part].items():
            assert torch.equal(value, other[part][name]), name
    assert one["task"]["batches"] == other["task"]["batches"]
    bits = [each["task"]["best"]["bits"] for each in (one, other)]
    assert bits[0] == bits[1]


def test_a_run_is_exported_while_it_goes_on(data: Path, tmp_path: Path) -> None:
    run(recipe("flatten"), data, tmp_path / "run", device="cpu")
    assert export(tmp_path / "run", tmp_path / "out") == "home@1"
    assert vocable.load(tmp_path / "out").spec == CODEC


def test_the_best_weights_are_kept() -> None:
    model, best = torch.nn.Linear(1, 1), Best()
    for step, (bits, value) in enumerate([(3.0, 1.0), (2.0, 2.0), (2.5, 3.0), (2.1, 4.0)]):
        torch.nn.init.constant_(model.weight, value)
        best.add(step, bits, model)
    assert best.waited == 2 and best.bits == 2.0
    again = Best()
    again.restore(best.state())
    again.add(3, 0.0, model)  # the last evaluation once more
    again.put_into(model)
    assert model.weight.item() == 2.0 and again.waited == 2


def test_patience_ends_a_run(data: Path, tmp_path: Path) -> None:
    overrides = ["tokens.patience=2", "schedule.steps=400", "checkpoints.evaluate_steps=5"]
    run(recipe("flatten", *overrides, "optimizer.lr=0.3"), data, tmp_path / "run", device="cpu")
    scores = [line["bits"]["frame"] for line in log(tmp_path / "run", "held_out")]
    assert len(scores) < 80 and min(scores) == scores[-3]


def test_verdicts() -> None:
    sizes, known = {"level0": 8, "level1": 8}, {"level0": 2.0, "level1": 2.9, "frame": 4.9}

    def names(first: float, second: float) -> list[str]:
        bits = {"level0": first, "level1": second, "frame": first + second}
        return [each.name for each in problems(bits, known, sizes)]

    assert names(1.9, 2.9) == [] and names(2.999, 2.9) == ["chance"]
    assert names(0.5, 0.5) == ["leak"]
    random = {**known, "level1": 3.0}
    bits = {"level0": 1.9, "level1": 3.0, "frame": 4.9}
    assert problems(bits, random, sizes) == []  # nobody can tell it


def test_data_that_does_not_do_is_refused(data: Path, tmp_path: Path) -> None:
    leaking = write_set(tmp_path / "leaking", again=True)
    with pytest.raises(RecipeError, match=r"v0 \(valid\) is r0 \(train\) again"):
        run(recipe("flatten"), leaking, tmp_path / "run", device="cpu")
    with pytest.raises(RecipeError, match='reads a track "semantics", which the data lacks'):
        run(recipe("coarse", "model.semantic=semantics"), data, tmp_path / "run", device="cpu")
    with pytest.raises(RecipeError, match="model.coarse is 4; wanted 1 to 3"):
        run(recipe("coarse", "model.coarse=4"), data, tmp_path / "run", device="cpu")
    with pytest.raises(RecipeError, match='data.weights names "b"'):
        run(recipe("flatten", "tokens.weights={b = 1.0}"), data, tmp_path / "run", device="cpu")
    run(recipe("flatten", "schedule.steps=2"), data, tmp_path / "run", device="cpu")
    other = write_set(tmp_path / "other", held_out=2)
    with pytest.raises(RecipeError, match="began with another set of tokens"):
        run(recipe("flatten"), other, tmp_path / "run", device="cpu", resume=True)


def test_one_recording_is_trained_on_without_verdict(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alone = write_set(tmp_path / "alone", held_out=0)
    run(recipe("delay"), alone, tmp_path / "run", device="cpu")
    assert "holds nothing out" in caplog.text and log(tmp_path / "run", "held_out") == []
    frames = list(vocable.load(tmp_path / "run").generate(seconds=0.4, seed=1))
    assert np.stack(frames).shape == (10, 4)


def test_a_model_is_told_where_codes_lie(data: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match='which the data does not say of "acoustic"; make it of'):
        run(recipe("delay", "model.places=true"), data, tmp_path / "no", device="cpu")
    places = {
        "acoustic": [torch.randn(level.size, 3) for level in CODEC.levels],
        "semantic": [torch.randn(level.size, 2) for level in UNITS.levels],
    }
    copied = shutil.copytree(data, tmp_path / "set")
    named = {f"{name}.{k}": each for name, all in places.items() for k, each in enumerate(all)}
    weights.write(copied / FILE, named)
    short = ["schedule.steps=2"]
    wanted = {
        "delay": places["acoustic"],
        "coarse": [*places["semantic"], *places["acoustic"][:2]],
        "fine": places["acoustic"],
    }
    for head, vectors in wanted.items():
        run(recipe(head, *short), copied, tmp_path / head, device="cpu")
        check_places(vocable.load(tmp_path / head).network.places, vectors)
    run(recipe("delay", *short, "model.places=false"), copied, tmp_path / "not", device="cpu")
    assert vocable.load(tmp_path / "not").network.places is None
    (copied / FILE).write_bytes(b"no tensors")
    with pytest.raises(RecipeError, match="places.safetensors.*make the set again"):
        run(recipe("delay", *short), copied, tmp_path / "bad", device="cpu")


def check_places(found: Any, wanted: list[torch.Tensor]) -> None:
    for own, places in zip(found, wanted, strict=True):
        even = (places - places.mean(0)) / places.std(0)
        torch.testing.assert_close(own.vectors.float(), even, atol=2e-2, rtol=2e-3)  # in fp16
