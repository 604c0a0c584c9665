"""The loop: accumulation, schedules, held-out evaluation, reports."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.train.toy import ToyCodec, make_loop, train
from vocable.errors import RecipeError
from vocable.train import loop
from vocable.train.codec.task import CodecTask


def lines(out: Path, kind: str = "train") -> list[dict[str, Any]]:
    found = map(json.loads, (out / "log.jsonl").read_text().splitlines())
    return [line for line in found if line["kind"] == kind]


def still_codec() -> ToyCodec:
    """Return a codec without dropout, whose codebooks have started."""
    torch.manual_seed(5)
    codec = ToyCodec()
    codec.encoder[1] = nn.Identity()
    codec.quantizer.dropout = 0.0
    codec.quantizer.start_learning(torch.randn(64, 8), per_step=64)
    return codec


def test_accumulated_batches_equal_one_batch(table: dict, manifest: Path, tmp_path: Path) -> None:
    table["codec"] = {"freeze": ["quantizer"]}
    table["loss"]["codec"] = {"commitment": 0.0, "codebook": 0.0}
    found = []
    for name, batch, parts in (("one", 4, 1), ("two", 2, 2)):
        table["data"]["batch"], table["optimizer"] = batch, {"accumulate": parts}
        found.append(train(table, manifest, tmp_path / name, codec=still_codec())["model"])
    # The clip and AdamW make all gradients of one direction alike: the norm tells them apart.
    norms = [lines(tmp_path / name)[0]["gradient"] for name in ("one", "two")]
    assert norms[0] == pytest.approx(norms[1], rel=1e-3)
    for name, value in found[0].items():
        assert torch.allclose(value, found[1][name], atol=2e-5), name


def test_training_learns(table: dict, manifest: Path, tmp_path: Path) -> None:
    table["schedule"]["steps"] = 80
    train(table, manifest, tmp_path / "run")
    mel = [line["losses"]["mel"] for line in lines(tmp_path / "run")]
    assert mel[-1] < 0.9 * mel[0]


def test_the_rate_rises_then_falls_to_nothing(table: dict, manifest: Path, tmp_path: Path) -> None:
    table["checkpoints"]["log_steps"] = 1
    train(table, manifest, tmp_path / "run")
    rates = [line["lr"] for line in lines(tmp_path / "run")]
    top = rates.index(max(rates))
    assert top == 2 and rates[:3] == sorted(rates[:3])
    assert rates[2:] == sorted(rates[2:], reverse=True) and rates[-1] < 1.1e-3 / 12


def test_reports_have_speed_and_time_left(
    table: dict, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps of half a second, two batches of 0.256 s each, reported every fourth step of twelve."""
    table["optimizer"] = {"accumulate": 2}
    run = make_loop(table, manifest, tmp_path / "run")
    clock = SimpleNamespace(monotonic=lambda: 100.0 + run.step / 2)
    monkeypatch.setattr(loop, "time", clock)
    run._begin = run._logged = run._saved = run._evaluated = 100.0
    run.run()
    reports = {line["step"]: line for line in lines(tmp_path / "run")}
    assert reports[8]["times_real_time"] == pytest.approx(2 * 0.256 / 0.5)
    assert [reports[step]["left"] for step in (1, 4, 8, 12)] == pytest.approx([5.5, 4.0, 2.0, 0.0])
    assert [reports[step]["seconds"] for step in (4, 12)] == pytest.approx([2.0, 6.0])


def test_the_time_left_of_a_resumed_run_is_by_its_pace_now(
    table: dict, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the steps were done on a busy machine, a hundred times slower."""
    make_loop(table | {"schedule": {"steps": 6}}, manifest, tmp_path / "run").run()
    run = make_loop(table, manifest, tmp_path / "run", resume=True)
    assert run.step == 6
    run.seconds_before = 300.0
    clock = SimpleNamespace(monotonic=lambda: 100.0 + (run.step - 6) / 2)
    monkeypatch.setattr(loop, "time", clock)
    run._begin = run._logged = run._saved = run._evaluated = 100.0
    run.run()
    assert {line["step"]: line["left"] for line in lines(tmp_path / "run")}[8] == pytest.approx(2.0)


def test_evaluating_does_not_count_for_the_speed(
    table: dict, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table["checkpoints"] |= {"evaluate_steps": 6}
    run, evaluated = make_loop(table, manifest, tmp_path / "run"), []
    clock = SimpleNamespace(monotonic=lambda: 100.0 + run.step / 2 + 50 * len(evaluated))
    monkeypatch.setattr(loop, "time", clock)
    monkeypatch.setattr(run.task, "evaluate", lambda *_: evaluated.append(1) or {})
    run._begin = run._logged = run._saved = run._evaluated = 100.0
    run.run()
    reports = {line["step"]: line for line in lines(tmp_path / "run")}
    assert evaluated and reports[8]["times_real_time"] == pytest.approx(0.256 / 0.5)


def test_a_schedule_by_the_clock_ends_in_time(table: dict, manifest: Path, tmp_path: Path) -> None:
    table["schedule"] = {"seconds": 1.0}
    loop = make_loop(table, manifest, tmp_path / "run")
    loop.run()
    assert loop.step > 5 and 1.0 <= loop.seconds < 3.0
    left = [line["left"] for line in lines(tmp_path / "run")]
    assert left[-1] < 0.5


def test_a_resumed_clock_goes_on(table: dict, manifest: Path, tmp_path: Path) -> None:
    table["schedule"] = {"seconds": 0.5}
    train(table, manifest, tmp_path / "run")
    loop = make_loop(table, manifest, tmp_path / "run", resume=True)
    steps = loop.step
    loop.run()
    assert loop.step == steps


def test_a_failing_evaluation_does_not_end_the_run(
    table: dict, manifest: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(CodecTask):
        def evaluate(self, *_: Any) -> dict[str, Any]:
            raise RuntimeError("no such level")

    table["checkpoints"]["evaluate_steps"] = 4
    make_loop(table, manifest, tmp_path / "run", task_class=Broken).run()
    assert "training goes on" in caplog.text
    assert lines(tmp_path / "run")[-1]["step"] == 12


def test_evaluating_does_not_change_the_run(table: dict, manifest: Path, tmp_path: Path) -> None:
    plain = train(table, manifest, tmp_path / "plain")
    table["checkpoints"]["evaluate_steps"] = 3
    judged = train(table, manifest, tmp_path / "judged")
    assert all(torch.equal(plain["model"][name], judged["model"][name]) for name in plain["model"])
    scores = lines(tmp_path / "judged", "held_out")
    assert [line["step"] for line in scores] == [3, 6, 9, 12]
    assert all({"mel", "level_db"} <= line.keys() for line in scores)


def test_tensorboard_holds_losses_sound_and_pictures(
    table: dict, manifest: Path, tmp_path: Path
) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    table["checkpoints"] |= {"tensorboard": True, "evaluate_steps": 6}
    train(table, manifest, tmp_path / "run")
    board = events.EventAccumulator(str(tmp_path / "run" / "tensorboard"), {}).Reload()
    tags = board.Tags()
    assert {"train/losses/mel", "train/used/1", "held_out/mel"} <= set(tags["scalars"])
    assert {"clip 0/original", "clip 0/decoded"} <= set(tags["audio"])
    assert tags["images"] == ["clip 0/spectrograms"]
    assert "verdict/text_summary" in tags["tensors"]


class Reporting(CodecTask):
    """Says something of its own in each report."""

    own: dict[str, Any]

    def report(self) -> dict[str, Any]:
        return dict(self.own)


class Remembering(CodecTask):
    """Has a state that a checkpoint could not give back."""

    def state(self) -> dict[str, Any]:
        return {**super().state(), "count": np.int64(3)}


def test_numbers_of_any_kind_are_logged_as_json(
    table: dict, manifest: Path, tmp_path: Path
) -> None:
    Reporting.own = {"mine": np.float32(0.5), "undefined": float("nan"), "all": [np.int64(2)]}
    train(table, manifest, tmp_path / "run", task_class=Reporting)
    assert "NaN" not in (tmp_path / "run" / "log.jsonl").read_text()
    (line, *_) = lines(tmp_path / "run")
    assert (line["mine"], line["undefined"], line["all"]) == (0.5, None, [2])


@pytest.mark.parametrize("name", ["step", "losses", "seconds"])
def test_a_task_may_not_hide_what_the_loop_reports(
    name: str, table: dict, manifest: Path, tmp_path: Path
) -> None:
    Reporting.own = {name: 1.0}
    with pytest.raises(RecipeError, match=f'a task reports "{name}", which the log says itself'):
        train(table, manifest, tmp_path / "run", task_class=Reporting)


def test_a_state_that_could_not_be_read_again_is_refused_when_it_is_saved(
    table: dict, manifest: Path, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match=r"state\['task'\]\['count'\] is int64; let the task"):
        train(table, manifest, tmp_path / "run", task_class=Remembering)
    assert not (tmp_path / "run" / "checkpoint.pt").exists()
