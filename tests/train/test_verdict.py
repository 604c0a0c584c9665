"""A sick run is named, with the remedy: each sickness is injected into a real run."""

from __future__ import annotations

import json
import operator
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.train.toy import ToyCodec, make_loop
from vocable.errors import RecipeError
from vocable.train import checkpoint
from vocable.train.codec_task import CodecTask
from vocable.train.recipe import recipe_from
from vocable.train.verdict import HEALTHY, OF_NAN, Doctor


def verdicts(out: Path) -> list[str]:
    lines = map(json.loads, (out / "log.jsonl").read_text().splitlines())
    return [line["verdict"] for line in lines if "verdict" in line]


def run(table: dict, manifest: Path, out: Path, **more: Any) -> list[str]:
    make_loop(table, manifest, out, **more).run()
    return verdicts(out)


@pytest.fixture
def longer(table: dict) -> dict:
    table["schedule"] = {"steps": 24, "warmup": 3}
    return table


def test_a_sound_run_is_healthy(longer: dict, manifest: Path, tmp_path: Path) -> None:
    assert set(run(longer, manifest, tmp_path / "run")) == {HEALTHY}


def test_collapse_is_named(longer: dict, manifest: Path, tmp_path: Path) -> None:
    class Constant(torch.nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return 0 * z + 1.0

    codec = ToyCodec()
    codec.encoder.append(Constant())
    codec.quantizer.start(torch.randn(64, 8), per_step=64)  # else k-means meets only one point
    last = run(longer, manifest, tmp_path / "run", codec=codec)[-1]
    assert last.startswith("collapse: level 0, 1 of the codebooks lives on few entries; halve")


def test_silence_is_named(longer: dict, manifest: Path, tmp_path: Path) -> None:
    last = run(longer, manifest, tmp_path / "run", codec=ToyCodec(gain=1e-4))[-1]
    assert "silence: the output is" in last and "lower loss.complex" in last


def test_a_winning_discriminator_is_named(longer: dict, manifest: Path, tmp_path: Path) -> None:
    longer["schedule"] = {"steps": 60, "warmup": 3}
    longer["adversarial"] = {"scales": 1, "channels": 4, "optimizer": {"lr": 0.01}}
    last = run(longer, manifest, tmp_path / "run", codec=ToyCodec(gain=3.0))[-1]
    assert last.startswith("discriminator winning: its loss is") and "adversarial.optimizer" in last


class Poisoned(CodecTask):
    """A task whose mel loss is NaN at step 7."""

    drawn = 0

    def losses(self, batch: Tensor) -> dict[str, Tensor]:
        self.drawn += 1
        losses = super().losses(batch)
        return losses | {"mel": losses["mel"] * torch.nan} if self.drawn == 8 else losses


def test_nan_stops_with_step_and_loss(table: dict, manifest: Path, tmp_path: Path) -> None:
    loop = make_loop(table, manifest, tmp_path / "run", kind=Poisoned)
    with pytest.raises(
        RecipeError, match='step 7: loss "mel" is nan; the checkpoint in .* is sound'
    ):
        loop.run()
    last = verdicts(tmp_path / "run")[-1]
    assert last.startswith('loss "mel" is nan; ') and "resume it with half of optimizer.lr" in last
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
    """A task whose time loss is finite, but whose gradient there is not, in the second batch."""

    drawn = 0

    def draw(self) -> Tensor:
        self.drawn += 1
        batch = super().draw()
        self.torn = batch if self.drawn == 2 else getattr(self, "torn", None)
        return batch

    def losses(self, batch: Tensor) -> dict[str, Tensor]:
        losses = super().losses(batch)
        bend = (0 * self._decoded.sum()).sqrt() if batch is self.torn else 0
        return losses | {"time": losses["time"] + bend}


@pytest.mark.parametrize("balance", [False, True])
def test_a_gradient_that_is_not_finite_names_its_loss(
    balance: bool, table: dict, manifest: Path, tmp_path: Path
) -> None:
    table["optimizer"] = {"accumulate": 3}
    table["loss"]["balance"] = balance
    with pytest.raises(RecipeError, match=r'gradient is nan \(it comes from "time"\)'):
        make_loop(table, manifest, tmp_path / "run", kind=Torn).run()


def test_a_fault_that_does_not_come_again_names_the_largest_loss(
    table: dict, manifest: Path, tmp_path: Path
) -> None:
    loop = make_loop(table, manifest, tmp_path / "run")
    loop.descent.measure = lambda: torch.nan
    with pytest.raises(RecipeError, match='no loss repeats it alone, the largest is "mel"'):
        loop.run()


def test_remedies_name_keys_that_a_recipe_has() -> None:
    sick = {"perplexity": [1.0], "possible": [500], "level_db": -40.0, "losses": {"critic": 0.0}}
    recipe = recipe_from({"name": "x", "schedule": {"steps": 9, "warmup": 0}})
    doctor = Doctor(recipe)
    doctor.examine(1, sick)
    said = f"{doctor.examine(2, sick)}; {OF_NAN}"
    keys = set(re.findall(r"\b[a-z]+(?:\.[a-z_]+)+\b", said))
    assert {"optimizer.clip", "loss.mel", "adversarial.feature"} <= keys
    for key in keys:
        operator.attrgetter(key)(recipe)


def test_a_loss_without_a_weight_is_named(table: dict, manifest: Path, tmp_path: Path) -> None:
    table["loss"]["codec"] = {"codebook": 1.0}
    with pytest.raises(RecipeError, match="set loss.codec.commitment"):
        make_loop(table, manifest, tmp_path / "run").run()


def test_a_passing_weakness_is_not_a_sickness() -> None:
    doctor = Doctor(recipe_from({"name": "x", "schedule": {"steps": 9, "warmup": 0}}))
    quiet, loud = {"level_db": -40.0}, {"level_db": 0.0}
    assert [doctor.examine(i, line) for i, line in enumerate([quiet, loud, quiet], 1)] == [
        HEALTHY
    ] * 3
    assert doctor.examine(4, quiet).startswith("silence")


def test_a_level_that_has_not_started_is_not_collapsed() -> None:
    doctor = Doctor(recipe_from({"name": "x", "schedule": {"steps": 9, "warmup": 0}}))
    line = {"perplexity": [0.0], "possible": [0]}
    assert [doctor.examine(i, line) for i in (1, 2, 3)] == [HEALTHY] * 3
