"""What the recipe of every run says, whatever it trains.

A recipe says everything that makes a run except where its data lies. A task's own recipe class
adds its tables to those of `Recipe`; TOML is read into it by `registry.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vocable.train.checks import check
from vocable.train.optim import AdamW, Optimizer, Schedule


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """When a run is saved, logged and evaluated."""

    every_seconds: float = 120.0  # between checkpoints
    every_steps: int = 0  # 0: by the clock only
    log_steps: int = 50  # between lines of the log
    evaluate_seconds: float = 600.0  # between held-out evaluations; 0: none
    evaluate_steps: int = 0  # 0: by the clock only
    tensorboard: bool = True  # where it is installed

    def __post_init__(self) -> None:
        check(self.log_steps > 0, f"checkpoints.log_steps is {self.log_steps}; wanted 1 or more")
        for name in ("every_seconds", "every_steps", "evaluate_seconds", "evaluate_steps"):
            value = getattr(self, name)
            check(value >= 0, f"checkpoints.{name} is {value}; wanted 0 or more")

    @property
    def evaluates(self) -> bool:
        """Whether the model is evaluated at all."""
        return bool(self.evaluate_seconds or self.evaluate_steps)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The tables and values that all tasks share."""

    name: str
    task: str  # a name given to `register_task`
    schedule: Schedule
    optimizer: Optimizer = AdamW()
    checkpoints: Checkpoints = Checkpoints()
    average: float = 0.999  # decay of the averaged weights, which are what is exported
    seed: int = 0

    def __post_init__(self) -> None:
        check(0 <= self.average < 1, f"average is {self.average}; wanted 0 or more and below 1")
        check(0 <= self.seed < 2**62, f"seed is {self.seed}; wanted 0 or more and below 2**62")


def changes(old: Mapping[str, Any], new: Mapping[str, Any], path: str = "") -> list[str]:
    """Return what differs between two recipes as tables, one `a.b: was -> is` each."""
    found = []
    for key in new.keys() & old.keys():
        pair = old[key], new[key]
        if all(isinstance(value, Mapping) for value in pair):
            found += changes(*pair, f"{path}{key}.")
        elif pair[0] != pair[1]:
            found.append(f"{path}{key}: {pair[0]} -> {pair[1]}")
    return sorted(found)
