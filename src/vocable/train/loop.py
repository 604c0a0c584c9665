"""Train anything: one loop that knows a task, a recipe and a folder.

Order of a step: draw, losses, gradient, clip, AdamW, average. What makes a run is in its
checkpoint, so that killed and resumed equals undisturbed (exactly, where the schedule counts steps;
by the clock, a resumed run goes on with the seconds it has used).
"""

from __future__ import annotations

import contextlib
import logging
import math
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from vocable.errors import RecipeError
from vocable.train import checkpoint
from vocable.train.average import Average
from vocable.train.log import Log
from vocable.train.recipe import Recipe

_log = logging.getLogger(__name__)
_ZERO = torch.zeros(())


@runtime_checkable
class Task(Protocol):
    """What the loop trains: a model, its data, its losses, its judge."""

    model: nn.Module
    weights: dict[str, float]  # of the losses, by name
    seconds: float  # of audio in one batch

    def draw(self) -> Tensor: ...
    def losses(self, batch: Tensor) -> dict[str, Tensor]: ...
    def report(self) -> dict[str, Any]: ...
    def evaluate(self, model: nn.Module) -> dict[str, Any]: ...
    def begin(self, *, resumed: bool) -> None: ...
    def state(self) -> str: ...
    def restore(self, state: str) -> None: ...


class Stopped(KeyboardInterrupt):
    """A run was stopped by the user; all of it is saved."""


class Loop:
    """One run in one folder. `resume` goes on from the folder's checkpoint."""

    def __init__(
        self,
        task: Task,
        recipe: Recipe,
        folder: Path,
        *,
        resume: bool = False,
        progress: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.task, self.recipe, self.folder, self.progress = task, recipe, folder, progress
        self.step, self.used = 0, 0.0  # steps done; seconds of running before this start
        self.average = Average(task.model, recipe.average)
        self.optimizer = _adamw(task.model, recipe)
        self._sums: dict[str, float] = {}
        self._summed = 0
        self._stop = False
        folder.mkdir(parents=True, exist_ok=True)
        if resume:
            self._restore(checkpoint.load(folder))
        self.log = Log(folder, self.step)
        self._begin = self._saved = self._evaluated = self._logged = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds that the run has used, over all its resumes."""
        return self.used + time.monotonic() - self._begin

    @property
    def done(self) -> float:
        """Share of the run that lies behind, 0 to 1."""
        plan = self.recipe.schedule
        return min(1.0, self.step / plan.steps if plan.steps else self.seconds / plan.seconds)

    def run(self) -> nn.Module:
        """Train to the end and return the averaged model.

        Ctrl-C ends the step in progress, saves, and raises Stopped; a loss or gradient that is not
        finite raises RecipeError with its step and name, and leaves the last checkpoint as it is.
        """
        self._begin = time.monotonic()
        self.task.begin(resumed=self.step > 0)
        if not self.step:
            self.average = Average(self.task.model, self.recipe.average)
        with _denormals_flushed(), self._ctrl_c():
            while self.done < 1.0:
                self._one_step()
                self._after_step()
                if self._stop:
                    self.save()
                    raise Stopped(f"stopped at step {self.step}; saved in {self.folder}")
        self.save()
        if self.recipe.checkpoints.evaluate_seconds or self.recipe.checkpoints.evaluate_steps:
            self._evaluate()
        self.log.close()
        return self.average.model

    def save(self) -> None:
        """Write the checkpoint."""
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "recipe": asdict(self.recipe),
            "model": self.task.model.state_dict(),
            "average": self.average.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "torch_rng": torch.get_rng_state(),
            "task": self.task.state(),
        }
        checkpoint.save(self.folder, state)
        self._saved = time.monotonic()

    def _restore(self, state: dict[str, Any]) -> None:
        self.step, self.used = state["step"], state["seconds"]
        self.task.model.load_state_dict(state["model"])
        self.average.model.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.task.restore(state["task"])
        torch.set_rng_state(state["torch_rng"])

    def _one_step(self) -> None:
        rate = self._rate()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        parts = self.recipe.optimizer.accumulate
        for _ in range(parts):
            losses = self.task.losses(self.task.draw())
            total = sum((self._weight(name) * loss for name, loss in losses.items()), _ZERO)
            self._sum(losses | {"total": total})
            (total / parts).backward()
        parameters = [p for p in self.task.model.parameters() if p.grad is not None]
        norm = float(nn.utils.clip_grad_norm_(parameters, self.recipe.optimizer.clip))
        if not math.isfinite(norm):
            raise RecipeError(f"step {self.step}: the gradient is {norm}; {self._remedy}")
        self.optimizer.step()
        self.average.follow(self.task.model, self.step)
        self.step += 1
        self._norm = norm

    def _weight(self, name: str) -> float:
        if name not in self.task.weights:
            raise RecipeError(
                f'the model reports a loss "{name}" that the recipe does not weigh; '
                f"set loss.codec.{name} (0 leaves it out)"
            )
        return self.task.weights[name]

    def _rate(self) -> float:
        """Return the learning rate of this step: up over the warm-up, then linearly to 0."""
        rise = min(1.0, (self.step + 1) / max(1, self.recipe.schedule.warmup))
        return self.recipe.optimizer.lr * rise * (1.0 - self.done)

    @property
    def _remedy(self) -> str:
        return f"the checkpoint in {self.folder} is sound: resume it with half of optimizer.lr"

    def _after_step(self) -> None:
        plan, now = self.recipe.checkpoints, time.monotonic()
        if self.step % plan.log_steps == 0 or self.step == 1:
            self._report()
        due = _due(self.step, plan.evaluate_steps, now - self._evaluated, plan.evaluate_seconds)
        if due or _due(self.step, plan.every_steps, now - self._saved, plan.every_seconds):
            self.save()
        if due:
            self._evaluate()

    def _sum(self, losses: dict[str, Tensor]) -> None:
        """Add the losses to those of the next report; refuse one that is not finite."""
        for name, loss in losses.items():
            value = float(loss.detach())
            if not math.isfinite(value):
                raise RecipeError(f'step {self.step}: loss "{name}" is {value}; {self._remedy}')
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._summed += 1

    def _report(self) -> None:
        now, done = time.monotonic(), self.done
        speed = self._summed * self.task.seconds / max(1e-9, now - self._logged)
        line = self.log.write(
            "train",
            self.step,
            seconds=self.seconds,
            left=self.seconds * (1 - done) / done if done else None,
            lr=self._rate(),
            gradient=self._norm,
            times_real_time=speed,
            losses={name: value / self._summed for name, value in self._sums.items()},
            **self.task.report(),
        )
        self._sums, self._summed, self._logged = {}, 0, now
        if self.progress:
            self.progress(line)

    def _evaluate(self) -> None:
        """Judge the averaged model on held-out clips. The run is saved before and goes on after."""
        begin = time.monotonic()
        try:
            with torch.random.fork_rng(devices=[]), torch.inference_mode():
                found = self.task.evaluate(self.average.model)
            line = self.log.write("held_out", self.step, seconds=self.seconds, **found)
            if self.progress:
                self.progress(line)
        except Exception:  # a judge must never end a run of hours
            _log.exception("held-out evaluation failed at step %d; training goes on", self.step)
        now = time.monotonic()
        self._logged += now - begin  # judging is no training: it does not count as its speed
        self._evaluated = now

    @contextlib.contextmanager
    def _ctrl_c(self) -> Iterator[None]:
        """Let the first Ctrl-C end the step in progress; a second one raises at once."""

        def ask(number: int, frame: Any) -> None:
            signal.signal(signal.SIGINT, before)
            self._stop = True

        try:
            before = signal.signal(signal.SIGINT, ask)
        except ValueError:  # not the main thread: whoever owns that one decides
            yield
            return
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def _adamw(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    plan = recipe.optimizer
    learning = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.AdamW(
        learning, lr=plan.lr, betas=plan.betas, weight_decay=plan.weight_decay, fused=True
    )


def _due(step: int, steps: int, waited: float, seconds: float) -> bool:
    return bool((steps and step % steps == 0) or (seconds and waited >= seconds))


@contextlib.contextmanager
def _denormals_flushed() -> Iterator[None]:
    """Flush denormal numbers to zero while training: on a CPU they are 100 times slower."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
