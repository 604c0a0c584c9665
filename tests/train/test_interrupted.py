"""Ctrl-C outside the steps: while a run gets ready, and while it evaluates."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.train.test_loop import lines
from tests.train.test_resume import assert_same
from tests.train.toy import ToyCodec, make_loop, train
from vocable.cli.group import commands
from vocable.train import checkpoint
from vocable.train.codec.task import CodecTask
from vocable.train.loop import Loop


class Interrupted(CodecTask):
    """A task whose evaluation at the step `at` meets Ctrl-C, as often as `times` says."""

    at, times = 0, 1

    def evaluate(self, model: Any, board: Any, step: int) -> dict[str, Any]:
        for _ in range(self.times if step == self.at else 0):
            signal.raise_signal(signal.SIGINT)
        return super().evaluate(model, board, step)


class AtTheEnd(Interrupted):
    at = 12


class TwiceAtTheEnd(AtTheEnd):
    times = 2


def ended(loop: Loop) -> bool:
    """Return whether a run comes to its end. (Unless caught, Ctrl-C would end the tests too.)"""
    try:
        return isinstance(loop.run(), ToyCodec)
    except KeyboardInterrupt:
        return False


@pytest.fixture
def evaluated(table: dict) -> dict:
    """Return a recipe that evaluates before the first step and after the last."""
    table["codec"] = {"start": "toy"}
    table["checkpoints"]["evaluate_seconds"] = 1e6
    return table


def test_ctrl_c_in_the_first_evaluation(evaluated: dict, manifest: Path, tmp_path: Path) -> None:
    whole = train(evaluated, manifest, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt, match="stopped at step 0; saved in"):
        train(evaluated, manifest, tmp_path / "run", task_class=Interrupted)
    assert_same(whole, train(evaluated, manifest, tmp_path / "run", resume=True))
    for name in ("whole", "run"):
        assert [line["step"] for line in lines(tmp_path / name, "held_out")] == [0, 12]


def test_ctrl_c_in_the_last_evaluation_lets_the_run_end(
    evaluated: dict, manifest: Path, tmp_path: Path
) -> None:
    assert ended(make_loop(evaluated, manifest, tmp_path / "run", task_class=AtTheEnd))
    assert [line["step"] for line in lines(tmp_path / "run", "held_out")] == [0, 12]


def test_ctrl_c_in_the_last_step_lets_the_run_end(
    table: dict, manifest: Path, tmp_path: Path
) -> None:
    loop = make_loop(table, manifest, tmp_path / "run")
    after = loop._after_step

    def asked() -> None:
        if loop.step == 12:
            signal.raise_signal(signal.SIGINT)
        after()

    loop._after_step = asked
    assert ended(loop)


def test_a_second_ctrl_c_in_the_last_evaluation_keeps_all_steps(
    evaluated: dict, manifest: Path, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        make_loop(evaluated, manifest, tmp_path / "run", task_class=TwiceAtTheEnd).run()
    assert checkpoint.load(tmp_path / "run")["step"] == 12
    loop = make_loop(evaluated, manifest, tmp_path / "run", resume=True)
    assert ended(loop) and loop.step == 12
    assert [line["step"] for line in lines(tmp_path / "run", "held_out")] == [0, 12]


def test_a_run_stopped_before_its_first_step_prepares_no_second_time(
    table: dict, manifest: Path, tmp_path: Path
) -> None:
    first = make_loop(table, manifest, tmp_path / "run", codec=ToyCodec())
    first._stop = True
    with pytest.raises(KeyboardInterrupt, match="stopped at step 0"):
        first.run()
    again = make_loop(table, manifest, tmp_path / "run", codec=ToyCodec(), resume=True)
    again.run()
    assert first.task.model.prepared_seconds > 0
    assert again.task.model.prepared_seconds == 0


def command(voices: Path, out: Path, *more: str) -> Any:
    how = ["--recipe", "toy", "--data", str(voices), "-o", str(out), "--device", "cpu", *more]
    return CliRunner().invoke(commands, ["train", "codec", *how])


def test_the_command_says_that_nothing_is_saved_yet(
    voices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CodecTask, "begin", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    done = command(voices, tmp_path / "run")
    assert done.exit_code == 130
    assert done.stderr == "stopped before the run had anything to save\n"


def test_the_command_goes_on_to_the_model_after_two_ctrl_c_at_the_end(
    voices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    sets = ["--set", "schedule.steps=2", "--set", "checkpoints.evaluate_seconds=1e6"]
    with monkeypatch.context() as patch:
        patch.setattr(CodecTask, "evaluate", interrupted)
        done = command(voices, tmp_path / "run", *sets)
    assert done.exit_code == 130
    *_, stopped, on = done.stderr.splitlines()
    assert stopped == "stopped at once" and on.startswith("go on with: ")
    assert on.endswith("--resume")
    assert command(voices, tmp_path / "run", *sets, "--resume").exit_code == 0
    assert (tmp_path / "run" / "config.json").exists()
