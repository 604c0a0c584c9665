"""Say what the loop needs to know of what it trains."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn


@runtime_checkable
class Task(Protocol):
    """What is trained: a model, its data, its losses, its judge."""

    model: nn.Module
    critic: nn.Module | None  # trained beside the model against its output, or None
    seconds: float  # of audio in one batch

    def begin(self, *, resumed: bool) -> None:
        """Make ready: training mode, and what is learnt from data before the first step."""

    def draw(self) -> Tensor:
        """Return the next batch."""

    def losses(self, batch: Tensor) -> dict[str, Tensor]:
        """Return the losses of a batch by name, unweighted."""

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        """Return the scalar whose gradient the model follows."""

    def critic_losses(self) -> dict[str, Tensor]:
        """Return the critic's losses on the last batch, by name."""

    def report(self) -> dict[str, Any]:
        """Return what else the log should say, since the last report."""

    def evaluate(self, model: nn.Module, board: Any, step: int) -> dict[str, Any]:
        """Return the scores of `model` on held-out data; pictures and sounds go to `board`."""

    def state(self) -> str:
        """Return all that makes the next batches, as text."""

    def restore(self, state: str) -> None:
        """Go on from a `state`."""
