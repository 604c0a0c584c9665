"""Train anything that is a Task: one loop over a task, a recipe and a folder.

Order of a step: draw, losses, gradient, clip, optimizer, average. What makes a run is in its
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
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from vocable.errors import RecipeError
from vocable.train import checkpoint
from vocable.train.diagnostics import NONFINITE_REMEDY, Verdicts, find_nonfinite_loss
from vocable.train.distributed import Distributed
from vocable.train.log import Log
from vocable.train.recipe import Recipe, changes
from vocable.train.task import Task
from vocable.train.update import Average, Updater

_log = logging.getLogger(__name__)


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
        distributed: Distributed,
        resume: bool = False,
        progress: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.task, self.recipe, self.folder = task, recipe, folder
        self.distributed, self.progress = distributed, progress
        self.step, self.seconds_before = 0, 0.0  # steps done; seconds used before this resume
        self.done = 0.0  # share of the run, as settled before the step in progress
        self.average = Average(task.model, recipe.average)
        self.updater = Updater(task.model, recipe.optimizer, distributed)
        self.discriminator_updater: Updater | None = None
        if task.discriminator and task.discriminator_optimizer:
            self.discriminator_updater = Updater(
                task.discriminator, task.discriminator_optimizer, distributed
            )
        self.verdicts = Verdicts(recipe.schedule.warmup)
        self._losses: dict[str, list[float]] = {}  # since the last report
        self._stop, self._evaluated_step = False, -1
        self._resumed = resume
        folder.mkdir(parents=True, exist_ok=True)
        if resume:
            self._restore(checkpoint.load(folder))
        board = recipe.checkpoints.tensorboard
        self.log = Log(folder, self.step, write=distributed.is_main, board=board)
        self._begin = self._saved = self._evaluated = self._logged = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds that the run has used, over all its resumes."""
        return self.seconds_before + time.monotonic() - self._begin

    def run(self) -> nn.Module:
        """Train to the end and return the averaged model.

        Ctrl-C or SIGTERM ends the step or the evaluation in progress, saves, and raises Stopped,
        unless all steps are done: then the run ends as it would have. While the task gets ready it
        raises at once. A loss or gradient that is not finite raises RecipeError with its step and
        name, and leaves the last checkpoint as it is.
        """
        self._begin = time.monotonic()
        self._done_before = self._share()
        self.task.begin(resumed=self._resumed)
        with self._asked_to_stop():
            if not self._resumed:
                self.distributed.broadcast_module(self.task.model)
                self.average = Average(self.task.model, self.recipe.average)
                if self.task.pretrained and self.recipe.checkpoints.evaluates:
                    self._evaluate()  # what it could do before
            with _denormals_flushed():
                while not self._finished():
                    self._one_step()
                    self._after_step()
            if self.task.keeps_scores:
                self._evaluate_last()
            with torch.random.fork_rng(devices=[]), torch.no_grad():
                self.task.end(self.average.model)
            self.save()
            self._evaluate_last()
        self.log.close()
        return self.average.model

    def save(self) -> None:
        """Write the checkpoint."""
        own = {
            "torch_rng": torch.get_rng_state(),
            "device_rng": _device_rng(self.distributed.device),
            "task": self.task.state(),
        }
        main, *others = self.distributed.all_gather(own)
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "recipe": asdict(self.recipe),
            "model": self.task.model.state_dict(),
            "average": self.average.model.state_dict(),
            "optimizer": self.updater.state(),
            **main,
            "others": others,  # what each further process has of its own
        }
        if self.discriminator_updater and self.task.discriminator:
            state["discriminator"] = self.task.discriminator.state_dict()
            state["discriminator_optimizer"] = self.discriminator_updater.state()
        if self.distributed.is_main:
            checkpoint.save(self.folder, state)
        self._saved = time.monotonic()

    def _restore(self, state: dict[str, Any]) -> None:
        processes = [state, *state["others"]]
        if len(processes) != self.distributed.world_size:
            raise RecipeError(
                f"{self.folder} was trained by {len(processes)} processes, this is one of "
                f"{self.distributed.world_size}; resume it with as many"
            )
        for change in changes(state["recipe"], asdict(self.recipe)):
            _log.warning("the run goes on with another recipe: %s", change)
        self.step, self.seconds_before = state["step"], state["seconds"]
        try:
            self._restore_weights(state)
        except (RuntimeError, ValueError) as error:
            raise RecipeError(
                f"{self.folder} holds a run of other weights ({str(error).splitlines()[0]}); "
                "resume it with the model and the optimizer that its recipe had"
            ) from error
        own = processes[self.distributed.rank]
        self.task.restore(own["task"])
        torch.set_rng_state(own["torch_rng"])
        if own["device_rng"] is not None:
            torch.cuda.set_rng_state(own["device_rng"], self.distributed.device)

    def _restore_weights(self, state: dict[str, Any]) -> None:
        self.task.model.load_state_dict(state["model"])
        self.average.model.load_state_dict(state["average"])
        self.updater.restore(state["optimizer"])
        saved = state.get("discriminator")  # none where it joins the run now
        if saved and self.discriminator_updater and self.task.discriminator:
            self.task.discriminator.load_state_dict(saved)
            self.discriminator_updater.restore(state["discriminator_optimizer"])

    def _finished(self) -> bool:
        """Settle how much of the run is done, the same in all processes."""
        self.done, stop, enough = self.distributed.broadcast_values(
            self._share(), self._stop, self.task.enough()
        )
        finished = self.done >= 1.0 or bool(enough)
        if stop and not finished:
            self.save()
            raise Stopped(f"stopped at step {self.step}; saved in {self.folder}")
        return finished

    def _share(self) -> float:
        return self.recipe.schedule.done(self.step, self.seconds)

    def _one_step(self) -> None:
        factor = self.recipe.schedule.factor(self.done, self.step)
        self.updater.clear_gradient()
        batches = [self.task.draw() for _ in range(self.recipe.optimizer.accumulate)]
        for batch in batches:
            losses = self.task.losses(batch)
            self._add(losses)
            torch.autograd.backward(self.task.total(losses) / len(batches))
        self._norm = self.updater.clip_gradient()
        if not math.isfinite(self._norm):
            cause = find_nonfinite_loss(self.task, batches, self.updater.parameters)
            self._stop_nonfinite("gradient", self._norm, cause)
        self.updater.step(factor)
        if self.discriminator_updater:
            self._discriminator_step(self.discriminator_updater, factor)
        self.average.follow(self.task.model, self.step)
        self.step += 1

    def _discriminator_step(self, updater: Updater, factor: float) -> None:
        updater.clear_gradient()
        losses = self.task.discriminator_losses()
        if not losses:
            return
        self._add(losses)
        torch.autograd.backward(list(losses.values()))
        norm = updater.clip_gradient()
        if not math.isfinite(norm):
            self._stop_nonfinite("gradient of the discriminator", norm)
        updater.step(factor)

    def _add(self, losses: dict[str, Tensor]) -> None:
        """Add the losses to those of the next report; refuse one that is not finite."""
        for name, loss in losses.items():
            value = float(loss.detach())
            if not math.isfinite(value):
                self._stop_nonfinite(f'loss "{name}"', value)
            self._losses.setdefault(name, []).append(value)

    def _stop_nonfinite(self, name: str, value: float, cause: str = "") -> NoReturn:
        """End the run because `value` is not finite; the last checkpoint stays as it is."""
        saved = (self.folder / checkpoint.NAME).exists()
        found = f"{name} is {value}" + (f" ({cause})" if cause else "")
        again = "start again"
        if saved:
            again = f"the last checkpoint in {self.folder} is unharmed; resume it"
        found = f"{found}; {again} with {NONFINITE_REMEDY}"
        self.log.write("verdict", self.step, verdict=found)
        raise RecipeError(f"step {self.step}: {found}")

    def _after_step(self) -> None:
        plan, now = self.recipe.checkpoints, time.monotonic()
        if self.step % plan.log_steps == 0 or self.step == 1:
            self._report()
        evaluate, save = self.distributed.broadcast_values(
            _is_due(self.step, plan.evaluate_steps, now - self._evaluated, plan.evaluate_seconds),
            _is_due(self.step, plan.every_steps, now - self._saved, plan.every_seconds),
        )
        late = bool(evaluate) and self.task.keeps_scores  # so that they are saved with the step
        if (evaluate or save) and not late:
            self.save()
        if evaluate:
            self._evaluate()
        if late:
            self.save()

    def _report(self) -> None:
        now, done = time.monotonic(), self._share()
        here = max(done - self._done_before, 1e-9)  # since this start, whose pace is what counts
        batches = max(map(len, self._losses.values()))
        items = batches * self.task.items_per_batch * self.distributed.world_size
        line: dict[str, Any] = {
            "seconds": self.seconds,
            "left": (now - self._begin) * (1 - done) / here,
            "lr": self.updater.rate,
            "gradient": self._norm,
            self.task.speed: items / max(1e-9, now - self._logged),
            "losses": {name: sum(all_) / len(all_) for name, all_ in self._losses.items()},
        }
        line = _joined(line, self.task.report())
        line["verdict"] = self.verdicts.verdict(self.step, self.task.diagnose(line))
        self._publish(self.log.write("train", self.step, **line))
        self._losses, self._logged = {}, now

    def _evaluate_last(self) -> None:
        if self.recipe.checkpoints.evaluates and self._evaluated_step < self.step:
            self._evaluate()

    def _evaluate(self) -> None:
        """Evaluate the averaged model on held-out data; the run has been saved before.

        Unless the task keeps scores: then it is saved after it.
        """
        begin = time.monotonic()
        try:
            if self.distributed.is_main:
                with torch.random.fork_rng(devices=[]), torch.no_grad():
                    scores = self.task.evaluate(self.average.model, self.log.board, self.step)
                if scores:
                    line = _joined({"seconds": self.seconds}, scores)
                    self._publish(self.log.write("held_out", self.step, **line))
        except Exception:  # an evaluation must never end a run of hours
            _log.exception("held-out evaluation failed at step %d; training goes on", self.step)
        self._evaluated, self._evaluated_step = time.monotonic(), self.step
        self._logged += self._evaluated - begin  # evaluating does not count for the speed

    def _publish(self, line: dict[str, Any]) -> None:
        if self.progress and self.distributed.is_main:
            self.progress(line)

    @contextlib.contextmanager
    def _asked_to_stop(self) -> Iterator[None]:
        """Let the first Ctrl-C or SIGTERM (batch systems send it) end the step in progress.

        A second one does what it would have done before.
        """
        before: dict[signal.Signals, Any] = {}

        def ask(number: int, frame: Any) -> None:
            put_back()
            self._stop = True

        def put_back() -> None:
            for each, handler in before.items():
                signal.signal(each, handler)

        try:
            for each in (signal.SIGINT, signal.SIGTERM):
                before[each] = signal.signal(each, ask)
        except ValueError:  # not the main thread: whoever owns that one decides
            yield
            return
        try:
            yield
        finally:
            put_back()


def _joined(line: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Add what a task says to a line of the log; its words may not be those of the loop."""
    for name in more:
        if name in (*line, "kind", "step", "verdict"):
            raise RecipeError(f'a task reports "{name}", which the log says itself; rename it')
    return {**line, **more}


def _is_due(step: int, steps: int, waited: float, seconds: float) -> bool:
    return bool((steps and step % steps == 0) or (seconds and waited >= seconds))


def _device_rng(device: torch.device) -> Tensor | None:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else None


@contextlib.contextmanager
def _denormals_flushed() -> Iterator[None]:
    """Flush denormal numbers to zero while training: on a CPU they are 100 times slower."""
    before = _flushes_denormals()
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def _flushes_denormals() -> bool:
    """Return what the program around has set; torch does not say it."""
    denormal = torch.full((1,), 1e-320, dtype=torch.float64, device="cpu")
    return not (denormal * 1.0).count_nonzero()
