"""Verdicts: a problem has to last; a loss or gradient that is not finite stops the run by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.train.toy import make_loop
from vocable.errors import RecipeError
from vocable.train import checkpoint
from vocable.train.codec.task import CodecTask
from vocable.train.diagnostics import HEALTHY, Verdicts
from vocable.train.task import Problem


def verdicts(out: Path) -> list[str]:
    """Return the verdicts in the log of a run."""
    lines = map(json.loads, (out / "log.jsonl").read_text().splitlines())
    return [line["verdict"] for line in lines if "verdict" in line]


def test_a_problem_is_named_in_its_second_report_in_a_row(
    caplog: pytest.LogCaptureFixture,
) -> None:
    quiet, loud = [Problem("silence", "too quiet by 3 dB")], [Problem("loud", "too loud")]
    verdict = Verdicts(warmup=0).verdict
    reports = [quiet, [], quiet, loud, quiet]
    assert [verdict(i, found) for i, found in enumerate(reports, 1)] == [HEALTHY] * 5
    assert not caplog.text
    assert verdict(6, [Problem("silence", "too quiet by 4 dB")]) == "too quiet by 4 dB"
    assert "step 6: too quiet by 4 dB" in caplog.text
    assert verdict(7, [*quiet, *loud]) == "too quiet by 3 dB"
    assert verdict(8, [*quiet, *loud]) == "too quiet by 3 dB; too loud"
    assert verdict(9, []) == HEALTHY


def test_a_verdict_that_stays_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    verdict = Verdicts(warmup=0).verdict
    for step in range(1, 6):
        verdict(step, [Problem("silence", "too quiet")])
    assert len(caplog.records) == 1


def test_nothing_is_named_during_the_warmup() -> None:
    verdict = Verdicts(warmup=4).verdict
    found = [verdict(step, [Problem("silence", "too quiet")]) for step in range(1, 8)]
    assert found == [HEALTHY] * 5 + ["too quiet"] * 2


def test_a_problem_is_named_when_it_has_lasted_as_many_steps_as_it_says() -> None:
    verdict = Verdicts(warmup=0).verdict
    slow = [Problem("collapse", "few", patience=30)]
    found = [verdict(step, [] if step == 50 else slow) for step in range(10, 100, 10)]
    assert found == [HEALTHY] * 3 + ["few"] + [HEALTHY] * 4 + ["few"]


class Poisoned(CodecTask):
    """A task whose mel loss is NaN at step 7."""

    drawn = 0

    def losses(self, batch: Tensor) -> dict[str, Tensor]:
        self.drawn += 1
        losses = super().losses(batch)
        return losses | {"mel": losses["mel"] * torch.nan} if self.drawn == 8 else losses


def test_nan_stops_with_step_and_loss(table: dict, manifest: Path, tmp_path: Path) -> None:
    loop = make_loop(table, manifest, tmp_path / "run", task_class=Poisoned)
    with pytest.raises(
        RecipeError,
        match='step 7: loss "mel" is nan; the last checkpoint in .* is unharmed; resume it',
    ):
        loop.run()
    last = verdicts(tmp_path / "run")[-1]
    assert last.startswith('loss "mel" is nan; ') and "with half of optimizer.lr" in last
    saved = checkpoint.load(tmp_path / "run")
    assert saved["step"] == 5
    assert all(value.isfinite().all() for value in saved["model"].values())


def test_an_infinite_gradient_stops(table: dict, manifest: Path, tmp_path: Path) -> None:
    loop = make_loop(table, manifest, tmp_path / "run")
    loop.task.model.decoder.weight.register_hook(lambda gradient: gradient * torch.inf)
    with pytest.raises(
        RecipeError, match=r"step 0: gradient is (nan|inf) \(.*\); start again with"
    ):
        loop.run()
    assert "half of optimizer.lr" in verdicts(tmp_path / "run")[-1]


class Torn(CodecTask):
    """A task whose time loss is finite, but whose gradient is not, in the second batch."""

    drawn = -1  # the codec's `prepare` draws one before the first step

    def draw(self) -> Tensor:
        self.drawn += 1
        batch = super().draw()
        self.torn = batch if self.drawn == 2 else getattr(self, "torn", None)
        return batch

    def losses(self, batch: Tensor) -> dict[str, Tensor]:
        losses = super().losses(batch)
        bend = (0 * self._output.sum()).sqrt() if batch is self.torn else 0
        return losses | {"time": losses["time"] + bend}


@pytest.mark.parametrize("balance", [False, True])
def test_a_gradient_that_is_not_finite_names_its_loss(
    balance: bool, table: dict, manifest: Path, tmp_path: Path
) -> None:
    table["optimizer"] = {"accumulate": 3}
    table["loss"]["balance"] = balance
    table["data"]["prepare_seconds"] = 1e-3
    with pytest.raises(RecipeError, match=r'gradient is nan \(it comes from "time"\)'):
        make_loop(table, manifest, tmp_path / "run", task_class=Torn).run()


def test_a_fault_that_does_not_come_again_names_the_largest_loss(
    table: dict, manifest: Path, tmp_path: Path
) -> None:
    loop = make_loop(table, manifest, tmp_path / "run")
    loop.updater.clip_gradient = lambda: torch.nan
    with pytest.raises(RecipeError, match='each loss is finite; the largest is "mel"'):
        loop.run()
