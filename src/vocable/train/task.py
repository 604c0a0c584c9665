"""What the loop needs to know of what it trains.

A task is one class: it owns the model, draws batches, computes losses, and says how the model is
evaluated and exported. Together with a recipe class it is all that a new kind of training needs:

    register_task("language", LanguageRecipe, LanguageTask)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from vocable.train.distributed import Distributed
from vocable.train.optim import Optimizer


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a run."""

    name: str  # the same in each report, whatever the numbers
    text: str  # what was seen and what to do, with keys of the recipe
    patience: int = 0  # steps that it must have lasted before it is named


class Task(ABC):
    """What is trained: a model, its data, its losses, its evaluation.

    Made of a recipe alone it has its model and can `export` it; `setup` gives it its data. The
    order of a run is `setup`, `restore` when it resumes, `begin`, then for each step `draw`,
    `losses` and `total` (`optimizer.accumulate` times), then `discriminator_losses`; at last `end`.
    """

    model: nn.Module
    pretrained: bool = False  # whether to evaluate it before the first step too
    keeps_scores: bool = False  # whether what `evaluate` finds decides how the run goes on
    discriminator: nn.Module | None = None  # trained in turns with the model, on its output
    discriminator_optimizer: Optimizer | None = None
    items_per_batch: float  # tokens, or seconds of audio: what `speed` counts
    beside: ClassVar[
        tuple[str, ...]
    ] = ()  # files of the run's folder that go with an exported model
    speed: ClassVar[str] = "items_per_second"  # the log's name for it

    @abstractmethod
    def setup(self, data: Path, folder: Path, distributed: Distributed) -> None:
        """Open the data and move the model to the device; `folder` may keep what is prepared."""

    def begin(self, *, resumed: bool) -> None:
        """Get ready for the next step: training mode, and what is learnt before the first one."""
        self.model.train()

    @abstractmethod
    def draw(self) -> Any:
        """Return the next batch, in whatever form `losses` takes it."""

    @abstractmethod
    def losses(self, batch: Any) -> dict[str, Tensor]:
        """Return the losses of a batch by name, unweighted scalars."""

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        """Return the scalar whose gradient the model follows: the sum of the losses."""
        return torch.stack(list(losses.values())).sum()

    def discriminator_losses(self) -> dict[str, Tensor]:
        """Return the discriminator's losses on the last batch, by name; none: it does not learn."""
        return {}

    def report(self) -> dict[str, Any]:
        """Return what else the log should say, gathered since the last report."""
        return {}

    def diagnose(self, line: dict[str, Any]) -> Sequence[Problem]:
        """Return what is wrong with the run by a line of its log."""
        return ()

    def evaluate(self, model: nn.Module, board: Any, step: int) -> dict[str, Any]:
        """Return the scores of `model` on held-out data; pictures and sound may go to `board`.

        `board` is a TensorBoard SummaryWriter or None.
        """
        return {}

    def enough(self) -> bool:
        """Return whether to end before the schedule does; asked before each step."""
        return False

    def end(self, model: nn.Module) -> None:
        """Adjust the averaged model after the last step, before it is saved and evaluated."""
        return  # most need nothing

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return all that decides the next batches: numbers, text and tensors."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""

    def in_use(self, model: nn.Module) -> Any:
        """Return a trained model as its user wants it: what `run` returns."""
        return model

    @abstractmethod
    def export(self, model: nn.Module, folder: Path, facts: dict[str, Any]) -> str:
        """Write a trained `model` to `folder` and return its name.

        `facts` says how it was made: the recipe's name, steps, seconds.
        """
