"""A language model joins by one file and one recipe: it trains, resumes, reports and exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from tests.train.language import toy_language
from tests.train.test_resume import assert_same
from vocable.cli.group import commands
from vocable.errors import RecipeError
from vocable.train import checkpoint, export, read_recipe, register_task, registry, run

RECIPE = Path(__file__).parent / "toy-language.toml"


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "TASKS", dict(registry.TASKS))
    register_task("toy-language", toy_language.LanguageRecipe, toy_language.LanguageTask)


@pytest.fixture
def ids(tmp_path: Path) -> Path:
    """Return a file of ids in which each follows from the one before, nine times of ten."""
    random = np.random.default_rng(0)
    found = [0]
    for _ in range(4000):
        follow = (5 * found[-1] + 3) % 12
        found.append(follow if random.random() < 0.9 else int(random.integers(12)))
    np.save(tmp_path / "ids.npy", np.array(found, np.int32))
    return tmp_path / "ids.npy"


def train(ids: Path, out: Path, *overrides: str, **more: Any) -> dict[str, Any]:
    """Train to the end and return the last checkpoint."""
    run(RECIPE, ids, out, overrides=overrides, device="cpu", **more)
    return checkpoint.load(out)


def log(out: Path, kind: str) -> list[dict[str, Any]]:
    lines = map(json.loads, (out / "log.jsonl").read_text().splitlines())
    return [line for line in lines if line["kind"] == kind]


def test_it_trains_and_reports_what_its_task_says(ids: Path, tmp_path: Path) -> None:
    train(ids, tmp_path / "run")
    first, *_, last = log(tmp_path / "run", "train")
    assert first["losses"]["cross_entropy"] > 2.3 and last["losses"]["cross_entropy"] < 1.8
    assert last["accuracy"] > 0.5 and last["verdict"] == "healthy"
    assert last["tokens_per_second"] > 0 and "times_real_time" not in last
    scores = log(tmp_path / "run", "held_out")
    assert [line["step"] for line in scores] == [30, 60]
    assert scores[1]["bits_per_token"] < scores[0]["bits_per_token"] < np.log2(12)


def test_stopped_and_resumed_equals_undisturbed(ids: Path, tmp_path: Path) -> None:
    whole = train(ids, tmp_path / "whole")

    def stop(line: dict[str, Any]) -> None:
        if line["step"] == 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(ids, tmp_path / "killed", progress=stop)
    assert checkpoint.load(tmp_path / "killed")["step"] == 30
    assert_same(whole, train(ids, tmp_path / "killed", resume=True))
    assert [line["step"] for line in log(tmp_path / "killed", "train")] == [1, *range(10, 61, 10)]


def test_its_own_problem_is_named(ids: Path, tmp_path: Path) -> None:
    train(ids, tmp_path / "run", "optimizer.lr=1e-7")
    last = log(tmp_path / "run", "train")[-1]["verdict"]
    assert last == "no better than chance (2.48 nats); raise optimizer.lr"


class Satisfied(toy_language.LanguageTask):
    """A task that has learnt enough after two evaluations, and notes the bits of each."""

    keeps_scores = True

    def evaluate(self, *args: Any) -> dict[str, Any]:
        found = super().evaluate(*args)
        self.bits = [*getattr(self, "bits", []), found["bits_per_token"]]
        return found

    def enough(self) -> bool:
        return len(getattr(self, "bits", [])) > 1

    def state(self) -> dict[str, Any]:
        return {**super().state(), "bits": list(getattr(self, "bits", []))}


def test_a_task_may_have_learnt_enough(ids: Path, tmp_path: Path) -> None:
    """It ends before its schedule does, and what it made of scores is saved with their step."""
    register_task("toy-language", toy_language.LanguageRecipe, Satisfied)

    def kill(line: dict[str, Any]) -> None:
        if line["kind"] == "train" and line["step"] == 30:
            raise KeyboardInterrupt

    assert train(ids, tmp_path / "run", "checkpoints.evaluate_steps=20")["step"] == 40
    with pytest.raises(KeyboardInterrupt):
        train(ids, tmp_path / "killed", "checkpoints.evaluate_steps=20", progress=kill)
    kept = checkpoint.load(tmp_path / "killed")
    scores = log(tmp_path / "killed", "held_out")
    assert kept["step"] == 25 and len(kept["task"]["bits"]) == len(scores) == 1


def test_it_exports_what_its_loader_reads(ids: Path, tmp_path: Path) -> None:
    model = run(RECIPE, ids, tmp_path / "run", device="cpu")
    assert export(tmp_path / "run", tmp_path / "again") == "toy-language"
    some = torch.arange(12)[None]
    expected = model(some)
    for folder in ("run", "again"):
        assert torch.equal(toy_language.load(tmp_path / folder)(some), expected)
    facts = json.loads((tmp_path / "again" / "config.json").read_text())["training"]
    assert facts["recipe"] == "toy-language" and facts["steps"] == 60


def command(task: str, *more: object) -> Any:
    return CliRunner().invoke(commands, ["train", task, "--recipe", *map(str, more)])


def test_the_command_line_knows_it(ids: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = command("toy-language", RECIPE, "--data", ids, "-o", out, "--device", "cpu")
    assert done.exit_code == 0, done.output
    *lines, last = done.stderr.splitlines()
    assert "cross_entropy" in lines[-2] and "bits_per_token" in lines[-1]
    assert last == f"done; the model is in {out}"
    assert toy_language.load(out)


def test_a_recipe_for_another_task_is_refused(ids: Path, tmp_path: Path) -> None:
    done = command("codec", RECIPE, "--data", ids, "-o", tmp_path / "run")
    assert done.exit_code == 2
    assert 'is for the task "toy-language"; use vocable train toy-language' in done.stderr


def test_its_recipe_is_checked_as_any_other(ids: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match='no key model.idz; nearest: "ids"'):
        read_recipe(RECIPE, ["model.idz=3"])
    with pytest.raises(RecipeError, match="has the id 11; set model.ids above it"):
        train(ids, tmp_path / "run", "model.ids=8")
