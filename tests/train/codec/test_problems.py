"""What goes wrong when a codec trains is named, with the remedy: each is injected into a run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.train.test_diagnostics import verdicts
from tests.train.toy import ToyCodec, make_loop
from vocable.errors import RecipeError
from vocable.train.codec import problems
from vocable.train.codec.problems import diagnose
from vocable.train.diagnostics import HEALTHY, NONFINITE_REMEDY, Verdicts
from vocable.train.registry import recipe_from


def named(**line: Any) -> list[str]:
    return [problem.name for problem in diagnose(line)]


@pytest.mark.parametrize(
    ("level_db", "silent"), [(-40.0, True), (-15.1, True), (-14.9, False), (0.0, False)]
)
def test_output_more_than_15_db_below_the_input_is_silence(level_db: float, silent: bool) -> None:
    assert named(level_db=level_db) == (["silence"] if silent else [])


@pytest.mark.parametrize(("loss", "winning"), [(0.0, True), (0.09, True), (0.11, False)])
def test_a_hinge_loss_below_a_tenth_is_a_winning_discriminator(loss: float, winning: bool) -> None:
    found = named(losses={"mel": 0.01, "discriminator": loss})
    assert found == (["winning discriminator"] if winning else [])


@pytest.mark.parametrize(("loss", "winning"), [(0.02, True), (0.03, False)])
def test_discriminators_by_least_squares_win_below_a_fortieth(loss: float, winning: bool) -> None:
    """A twentieth of the half that they lose while they cannot tell."""
    found = diagnose({"losses": {"discriminator": loss}}, undecided=0.5)
    assert bool(found) == winning
    assert all("(0.5 when undecided)" in problem.text for problem in found)


@pytest.mark.parametrize(
    ("perplexity", "possible", "collapsed"),
    [(29.0, 1000, True), (31.0, 1000, False), (1.4, 4, True), (1.6, 4, False), (0.0, 0, False)],
)
def test_few_entries_in_use_are_a_collapse(
    perplexity: float, possible: int, collapsed: bool
) -> None:
    """Below 3 % of what the codes could have, or 1.5; a level without codes is not there yet."""
    found = diagnose({"perplexity": [500.0, perplexity], "possible": [1000, possible]})
    assert [problem.name for problem in found] == (["collapse"] if collapsed else [])
    assert all("codebooks of level 1 use few" in problem.text for problem in found)


def test_remedies_name_keys_that_a_recipe_has() -> None:
    line = {"perplexity": [1.0], "possible": [500], "level_db": -40.0}
    found = diagnose({**line, "losses": {"discriminator": 0.0}})
    assert len(found) == 3
    recipe = recipe_from({"name": "x", "schedule": {"steps": 9}})
    for text in [*(problem.text for problem in found), NONFINITE_REMEDY]:
        keys = re.findall(r"\b[a-z]+(?:\.[a-z_]+)+\b", text)
        assert keys, f"this says nothing to set: {text}"
        for key in keys:
            value: Any = recipe
            for name in key.split("."):
                value = value[name] if isinstance(value, dict) else getattr(value, name)


@pytest.fixture
def longer(table: dict) -> dict:
    table["schedule"] = {"steps": 24, "warmup": 3}
    return table


def run(table: dict, manifest: Path, out: Path, **more: Any) -> list[str]:
    make_loop(table, manifest, out, **more).run()
    return verdicts(out)


def test_a_sound_run_is_healthy(longer: dict, manifest: Path, tmp_path: Path) -> None:
    assert set(run(longer, manifest, tmp_path / "run")) == {HEALTHY}


def test_a_collapse_is_not_named_before_codebooks_have_had_time_to_fill() -> None:
    verdict = Verdicts(warmup=100).verdict
    few, many = ({"perplexity": [n], "possible": [1024]} for n in (7.0, 185.0))
    sound = [(step, few if step < 300 else many) for step in range(50, 1000, 50)]
    assert {verdict(step, diagnose(line)) for step, line in sound} == {HEALTHY}
    sick = [verdict(step, diagnose(few)) for step in range(1000, 1600, 50)]
    assert sick[:10] == [HEALTHY] * 10 and sick[10].startswith("collapse: codebooks of level 0")


def test_collapse_is_named(
    longer: dict, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems, "FILLING", 4)

    class Constant(torch.nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return 0 * z + 1.0

    codec = ToyCodec()
    codec.encoder.append(Constant())
    # else k-means meets only one point
    codec.quantizer.start_learning(torch.randn(64, 8), per_step=64)
    last = run(longer, manifest, tmp_path / "run", codec=codec)[-1]
    assert last.startswith("collapse: codebooks of level 0, 1 use few of their entries; halve")


def test_silence_is_named(longer: dict, manifest: Path, tmp_path: Path) -> None:
    last = run(longer, manifest, tmp_path / "run", codec=ToyCodec(gain=1e-4))[-1]
    assert "silence: the output is" in last and "lower loss.complex" in last


def test_a_winning_discriminator_is_named(longer: dict, manifest: Path, tmp_path: Path) -> None:
    longer["schedule"] = {"steps": 60, "warmup": 3}
    longer["adversarial"] = {"scales": 1, "channels": 4, "optimizer": {"lr": 0.01}}
    last = run(longer, manifest, tmp_path / "run", codec=ToyCodec(gain=3.0))[-1]
    assert last.startswith("discriminator winning: its loss is") and "adversarial.optimizer" in last


def test_a_loss_without_a_weight_is_named(table: dict, manifest: Path, tmp_path: Path) -> None:
    table["loss"]["codec"] = {"codebook": 1.0}
    with pytest.raises(RecipeError, match="set loss.codec.commitment"):
        make_loop(table, manifest, tmp_path / "run").run()
