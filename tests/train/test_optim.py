"""Schedules and optimizers: what they are in a recipe, and how new ones join."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
import torch

from tests.train.toy import train
from vocable.errors import RecipeError
from vocable.train.optim import AdamW, ExponentialSchedule, LinearSchedule, Optimizer, Schedule
from vocable.train.registry import recipe_from


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """The rate falls along half a cosine."""

    kind: Literal["cosine"] = "cosine"

    def decay(self, done: float) -> float:
        return 0.5 + 0.5 * math.cos(math.pi * done)


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """Plain descent."""

    kind: Literal["sgd"] = "sgd"
    momentum: float = 0.0

    def build(self, parameters: Any) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=self.lr, momentum=self.momentum)


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Schedule.kinds, "cosine", Cosine)
    monkeypatch.setitem(Optimizer.kinds, "sgd", SGD)


def test_the_linear_schedule_rises_then_falls_to_nothing() -> None:
    schedule = LinearSchedule(steps=100, warmup=10)
    assert schedule.factor(0.0, 0) == pytest.approx(0.1)
    assert schedule.factor(0.09, 9) == pytest.approx(0.91)
    assert schedule.factor(0.5, 50) == pytest.approx(0.5)
    assert schedule.factor(1.0, 100) == 0
    assert LinearSchedule(steps=4, warmup=0).factor(0.0, 0) == 1


def test_the_exponential_schedule_falls_by_the_same_factor() -> None:
    """DAC's: 0.999996 a step for 400 000 steps, 0.2 at the end."""
    schedule = ExponentialSchedule(steps=400_000, warmup=0, final=0.2)
    assert schedule.factor(0.25, 100_000) == pytest.approx(0.999996**100_000, rel=1e-2)
    assert schedule.factor(1.0, 400_000) == pytest.approx(0.2)
    assert ExponentialSchedule(steps=9, warmup=0, final=1.0).factor(1.0, 9) == 1
    with pytest.raises(RecipeError, match=r"schedule.final is 0.0; wanted above 0, up to 1"):
        ExponentialSchedule(steps=9, final=0.0)


@pytest.mark.parametrize(
    ("schedule", "shares"),
    [
        (LinearSchedule(steps=4), [0.0, 0.5, 1.0, 1.0]),
        (LinearSchedule(seconds=30.0), [0.0, 0.1, 0.2, 1.0]),
    ],
)
def test_a_run_is_as_long_as_its_steps_or_its_seconds(
    schedule: LinearSchedule, shares: list[float]
) -> None:
    found = [schedule.done(step, s) for step, s in ((0, 0.0), (2, 3.0), (4, 6.0), (9, 99.0))]
    assert found == pytest.approx(shares)


def test_without_a_kind_the_first_is_taken() -> None:
    recipe = recipe_from({"name": "x", "schedule": {"steps": 3}})
    assert isinstance(recipe.schedule, LinearSchedule) and isinstance(recipe.optimizer, AdamW)


def test_a_new_schedule_and_a_new_optimizer_train(
    joined: None, table: dict, manifest: Path, tmp_path: Path
) -> None:
    table["schedule"] |= {"kind": "cosine"}
    table["optimizer"] = {"kind": "sgd", "momentum": 0.5, "lr": 0.2}
    recipe = recipe_from(table)
    assert isinstance(recipe.schedule, Cosine) and recipe.optimizer == SGD(momentum=0.5, lr=0.2)
    assert recipe_from(asdict(recipe)) == recipe
    saved = train(table, manifest, tmp_path / "run")
    group = saved["optimizer"]["param_groups"][0]
    assert group["momentum"] == 0.5
    assert group["lr"] == pytest.approx(0.2 * (0.5 + 0.5 * math.cos(math.pi * 11 / 12)))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"schedule": {"kind": "coside", "steps": 3}}, 'schedule.kind is "coside"; nearest: "cos'),
        ({"optimizer": {"kind": "sgd", "betas": [0, 0]}}, "no key optimizer.betas; .*momentum"),
        ({"optimizer": {"kind": 3}}, 'optimizer.kind is "3"; known: adamw, sgd'),
        ({"adversarial": {"optimizer": {"kind": "x"}}}, 'adversarial.optimizer.kind is "x"; known'),
    ],
)
def test_a_kind_that_is_not_known_is_named(joined: None, table: dict, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        recipe_from({"name": "x", "schedule": {"steps": 3}, **table})


def test_a_step_counts_as_a_change_of_each_weight():
    """Fused optimizers of torch do not; what is kept of a weight goes by its version."""
    layer = torch.nn.Linear(3, 2)
    optimizer = AdamW(lr=0.1).build(layer.parameters())
    versions = [weight._version for weight in layer.parameters()]
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    assert all(w._version > v for w, v in zip(layer.parameters(), versions, strict=True))
