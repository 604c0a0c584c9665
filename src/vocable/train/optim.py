"""Schedules and optimizers, as the tables of a recipe and as the objects that do the work.

A table chooses by its `kind` among the classes in `Schedule.kinds` or `Optimizer.kinds`; without it
the first is taken. A new one is a class more in that dict:

    @dataclass(frozen=True, kw_only=True)
    class Cosine(Schedule):
        kind: Literal["cosine"] = "cosine"

        def decay(self, done: float) -> float:
            return 0.5 + 0.5 * math.cos(math.pi * done)

    Schedule.kinds["cosine"] = Cosine    # and in the recipe: [schedule] kind = "cosine"

Torch is loaded only when an optimizer is built, so that a recipe is checked at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from vocable.train.checks import check


@dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    """How long a run takes, by steps or by the clock, and how the learning rate changes.

    Exactly one of `steps` and `seconds` is set.
    """

    kinds: ClassVar[dict[str, type[Schedule]]] = {}

    kind: str
    steps: int = 0
    seconds: float = 0.0  # of running, kept across resumes
    warmup: int = 100  # steps in which the rate rises linearly to its peak

    def __post_init__(self) -> None:
        check(
            (self.steps > 0) != (self.seconds > 0),
            f"schedule needs steps or seconds, one of them above 0; "
            f"it has steps = {self.steps}, seconds = {self.seconds}",
        )
        check(
            min(self.steps, self.seconds, self.warmup) >= 0,
            f"schedule has steps = {self.steps}, seconds = {self.seconds}, warmup = {self.warmup}; "
            "wanted 0 or more for each",
        )

    def done(self, step: int, seconds: float) -> float:
        """Return the share of the run that `step` steps in `seconds` s are, 0 to 1."""
        return min(1.0, step / self.steps if self.steps else seconds / self.seconds)

    def factor(self, done: float, step: int) -> float:
        """Return what to multiply the optimizer's `lr` by, for the step after `step` others."""
        return min(1.0, (step + 1) / max(1, self.warmup)) * self.decay(done)

    @abstractmethod
    def decay(self, done: float) -> float:
        """Return the factor without warm-up when the share `done` of the run lies behind."""


@dataclass(frozen=True, kw_only=True)
class LinearSchedule(Schedule):
    """The rate falls linearly to 0."""

    kind: Literal["linear"] = "linear"

    def decay(self, done: float) -> float:
        return 1.0 - done


@dataclass(frozen=True, kw_only=True)
class ExponentialSchedule(Schedule):
    """The rate falls by the same factor at every step, to `final` of its peak at the end."""

    kind: Literal["exponential"] = "exponential"
    final: float = 0.2  # 1: the rate stays

    def __post_init__(self) -> None:
        super().__post_init__()
        check(0 < self.final <= 1, f"schedule.final is {self.final}; wanted above 0, up to 1")

    def decay(self, done: float) -> float:
        return float(self.final**done)


Schedule.kinds["linear"] = LinearSchedule
Schedule.kinds["exponential"] = ExponentialSchedule


@dataclass(frozen=True, kw_only=True)
class Optimizer(ABC):
    """What every optimizer has; `build` makes the torch optimizer."""

    kinds: ClassVar[dict[str, type[Optimizer]]] = {}

    kind: str
    lr: float = 1e-3  # at the peak of the schedule
    clip: float = 1.0  # largest norm of the gradient
    accumulate: int = 1  # batches a step

    def __post_init__(self) -> None:
        check(self.lr > 0, f"optimizer.lr is {self.lr}; wanted more than 0")
        check(self.clip > 0, f"optimizer.clip is {self.clip}; wanted more than 0")
        check(self.accumulate > 0, f"optimizer.accumulate is {self.accumulate}; wanted 1 or more")

    @abstractmethod
    def build(self, parameters: Iterable[Any]) -> Any:
        """Return a torch.optim.Optimizer over `parameters`."""


@dataclass(frozen=True, kw_only=True)
class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

    kind: Literal["adamw"] = "adamw"
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        check(
            all(0 <= beta < 1 for beta in self.betas),
            f"optimizer.betas is {list(self.betas)}; wanted 0 or more and below 1",
        )
        check(
            self.weight_decay >= 0,
            f"optimizer.weight_decay is {self.weight_decay}; wanted 0 or more",
        )

    def build(self, parameters: Iterable[Any]) -> Any:
        import torch

        made = torch.optim.AdamW(
            parameters, lr=self.lr, betas=self.betas, weight_decay=self.weight_decay, fused=True
        )
        made.register_step_post_hook(_count_changes)
        return made


def _count_changes(optimizer: Any, args: Any, kwargs: Any) -> None:
    """Count a step as a change of each weight: fused optimizers leave torch's versions alone.

    What is kept of a weight (search tables, identity) is made anew by its version.
    """
    from torch.autograd.graph import increment_version

    for group in optimizer.param_groups:
        for weight in group["params"]:
            increment_version(weight)


Optimizer.kinds["adamw"] = AdamW
