"""The loop: accumulation, averages, schedules, held-out judging, reports."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.train.toy import RATE, ToyCodec, make_loop, train
from vocable.train.average import Average
from vocable.train.codec_task import CodecTask


def lines(out: Path, kind: str = "train") -> list[dict[str, Any]]:
    found = map(json.loads, (out / "log.jsonl").read_text().splitlines())
    return [line for line in found if line["kind"] == kind]


def still_codec() -> ToyCodec:
    """Return a codec without dropout, whose codebooks have started."""
    torch.manual_seed(5)
    codec = ToyCodec()
    codec.encoder[1] = nn.Identity()
    codec.quantizer.start(torch.randn(64, 8), per_step=64)
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


@pytest.mark.parametrize(("precision", "inside"), [("fp32", "float32"), ("bf16", "bfloat16")])
def test_the_precision_is_that_of_the_blocks(
    precision: str, inside: str, table: dict, manifest: Path, tmp_path: Path
) -> None:
    found = []
    codec = ToyCodec()
    codec.encoder[0].register_forward_hook(lambda _block, _given, out: found.append(out.dtype))
    loop = make_loop({**table, "precision": precision}, manifest, tmp_path / "run", codec=codec)
    losses = loop.task.losses(loop.task.draw())
    assert found == [getattr(torch, inside)]
    assert {losses[name].dtype for name in ("time", "mel", "low_band")} == {torch.float32}


class Learner(ToyCodec):
    """A codec that counts the seconds of audio that it was prepared with."""

    heard = 0.0

    def prepare(self, batches: Iterable[torch.Tensor]) -> None:
        self.heard += sum(batch.numel() for batch in batches) / RATE


def test_a_codec_is_prepared_once(table: dict, manifest: Path, tmp_path: Path) -> None:
    table["data"]["prepare_seconds"] = 1.0
    first, again, further = (Learner() for _ in range(3))
    train(table, manifest, tmp_path / "run", codec=first)
    assert 1.0 <= first.heard < 1.3
    train(table, manifest, tmp_path / "run", codec=again, resume=True)
    table["codec"] = {"start": "what has learnt already"}
    train(table, manifest, tmp_path / "further", codec=further)
    assert again.heard == further.heard == 0


def test_frozen_parts_stay(table: dict, manifest: Path, tmp_path: Path) -> None:
    codec = still_codec()
    before = {name: value.clone() for name, value in codec.state_dict().items()}
    table["codec"] = {"freeze": ["encoder", "quantizer"]}
    after = train(table, manifest, tmp_path / "run", codec=codec)["average"]
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"decoder.weight", "decoder.bias"}


def test_a_failing_judge_does_not_end_the_run(
    table: dict, manifest: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(CodecTask):
        def evaluate(self, *_: Any) -> dict[str, Any]:
            raise RuntimeError("no such level")

    table["checkpoints"]["evaluate_steps"] = 4
    make_loop(table, manifest, tmp_path / "run", kind=Broken).run()
    assert "training goes on" in caplog.text
    assert lines(tmp_path / "run")[-1]["step"] == 12


def test_judging_does_not_change_the_run(table: dict, manifest: Path, tmp_path: Path) -> None:
    plain = train(table, manifest, tmp_path / "plain")
    table["checkpoints"]["evaluate_steps"] = 3
    judged = train(table, manifest, tmp_path / "judged")
    assert all(torch.equal(plain["model"][name], judged["model"][name]) for name in plain["model"])
    scores = lines(tmp_path / "judged", "held_out")
    assert [line["step"] for line in scores] == [3, 6, 9, 12]
    assert all({"mel", "level_db"} <= line.keys() for line in scores)


def test_reports_say_the_health_of_each_level(table: dict, manifest: Path, tmp_path: Path) -> None:
    train(table, manifest, tmp_path / "run")
    last = lines(tmp_path / "run")[-1]
    assert len(last["used"]) == len(last["perplexity"]) == len(last["residual_db"]) == 2
    assert last["possible"] == [16, 16] and 1 <= last["perplexity"][0] <= 16
    assert last["times_real_time"] > 0 and last["left"] == 0


def test_tensorboard_holds_losses_sound_and_pictures(
    table: dict, manifest: Path, tmp_path: Path
) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    table["checkpoints"] |= {"tensorboard": True, "evaluate_steps": 6}
    train(table, manifest, tmp_path / "run")
    board = events.EventAccumulator(str(tmp_path / "run" / "tensorboard"), {}).Reload()
    tags = board.Tags()
    assert {"train/losses/mel", "train/used/level 1", "held_out/mel"} <= set(tags["scalars"])
    assert {"clip 0/original", "clip 0/decoded"} <= set(tags["audio"])
    assert tags["images"] == ["clip 0/spectrograms"]
    assert "verdict/text_summary" in tags["tensors"]


def test_the_average_follows(tmp_path: Path) -> None:
    model = nn.BatchNorm1d(2)
    average = Average(model, 0.9)
    with torch.no_grad():
        model.weight.fill_(11.0)
        model.running_mean.fill_(3.0)
    average.follow(model, 10**6)
    assert torch.allclose(average.model.weight, torch.full((2,), 2.0))
    assert (average.model.running_mean == 3).all()
    average.follow(model, 0)  # early on the past counts little
    assert torch.allclose(average.model.weight, torch.full((2,), 2 + 0.9 * 9))
