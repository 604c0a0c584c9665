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
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from vocable.errors import RecipeError
from vocable.train import checkpoint
from vocable.train.average import Average
from vocable.train.blame import blame
from vocable.train.descent import Descent
from vocable.train.log import Log
from vocable.train.place import Place
from vocable.train.recipe import Recipe, changes
from vocable.train.task import Task
from vocable.train.verdict import OF_NAN, Doctor

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
        place: Place,
        resume: bool = False,
        progress: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.task, self.recipe, self.folder = task, recipe, folder
        self.place, self.progress = place, progress
        self.step, self.used = 0, 0.0  # steps done; seconds of running before this start
        self.done = 0.0  # share of the run, as settled before the step in progress
        self.average = Average(task.model, recipe.average)
        self.descent = Descent(task.model, recipe.optimizer, place)
        self.critic = task.critic and Descent(task.critic, recipe.adversarial.optimizer, place)
        self.doctor = Doctor(recipe)
        self._sums: dict[str, list[float]] = {}  # since the last report
        self._stop, self._judged_at = False, -1
        self._resumed = resume
        folder.mkdir(parents=True, exist_ok=True)
        if resume:
            self._restore(checkpoint.load(folder))
        self.log = Log(folder, self.step, write=place.first, board=recipe.checkpoints.tensorboard)
        self._begin = self._saved = self._judged = self._logged = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds that the run has used, over all its resumes."""
        return self.used + time.monotonic() - self._begin

    def run(self) -> nn.Module:
        """Train to the end and return the averaged model.

        Ctrl-C ends the step or the judging in progress, saves, and raises Stopped, unless all steps
        are done: then the run ends as it would have. While the task makes ready it raises at once.
        A loss or gradient that is not finite raises RecipeError with its step and name, and leaves
        the last checkpoint as it is.
        """
        self._begin = time.monotonic()
        self.task.begin(resumed=self._resumed)
        with self._ctrl_c():
            if not self._resumed:
                self.place.share(self.task.model)
                self.average = Average(self.task.model, self.recipe.average)
                if self.recipe.codec.start and self.recipe.checkpoints.evaluates:
                    self._judge()  # what it could do before
            with _denormals_flushed():
                while not self._finished():
                    self._one_step()
                    self._after_step()
            self.save()
            if self.recipe.checkpoints.evaluates and self._judged_at < self.step:
                self._judge()
        self.log.close()
        return self.average.model

    def save(self) -> None:
        """Write the checkpoint."""
        mine = {
            "torch_rng": torch.get_rng_state(),
            "device_rng": _device_rng(self.place.device),
            "task": self.task.state(),
        }
        mine, *others = self.place.gather(mine)
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "recipe": asdict(self.recipe),
            "model": self.task.model.state_dict(),
            "average": self.average.model.state_dict(),
            "optimizer": self.descent.state(),
            **mine,
            "others": others,  # what is of its own in each further replica
        }
        if self.critic and self.task.critic:
            state["critic"] = self.task.critic.state_dict()
            state["critic_optimizer"] = self.critic.state()
        if self.place.first:
            checkpoint.save(self.folder, state)
        self._saved = time.monotonic()

    def _restore(self, state: dict[str, Any]) -> None:
        replicas = [state, *state.get("others", ())]
        if len(replicas) != self.place.replicas:
            raise RecipeError(
                f"{self.folder} was trained by {len(replicas)} processes, this is one of "
                f"{self.place.replicas}; resume it with as many"
            )
        for change in changes(state["recipe"], asdict(self.recipe)):
            _log.warning("the run goes on with another recipe: %s", change)
        self.step, self.used = state["step"], state["seconds"]
        try:
            self._restore_weights(state)
        except (RuntimeError, ValueError) as error:
            raise RecipeError(
                f"{self.folder} holds a run of other weights ({str(error).splitlines()[0]}); "
                "resume it with the codec table it was started with"
            ) from error
        mine = replicas[self.place.rank]
        self.task.restore(mine["task"])
        torch.set_rng_state(mine["torch_rng"])
        if mine.get("device_rng") is not None:
            torch.cuda.set_rng_state(mine["device_rng"], self.place.device)

    def _restore_weights(self, state: dict[str, Any]) -> None:
        self.task.model.load_state_dict(state["model"])
        self.average.model.load_state_dict(state["average"])
        self.descent.restore(state["optimizer"])
        if self.critic and self.task.critic and "critic" in state:  # else it starts now
            self.task.critic.load_state_dict(state["critic"])
            self.critic.restore(state["critic_optimizer"])

    def _finished(self) -> bool:
        """Settle how much of the run is done, the same for all replicas."""
        self.done, stop = self.place.agree(self._share(), self._stop)
        if stop and self.done < 1.0:
            self.save()
            raise Stopped(f"stopped at step {self.step}; saved in {self.folder}")
        return self.done >= 1.0

    def _share(self) -> float:
        plan = self.recipe.schedule
        done = self.step / plan.steps if plan.steps else self.seconds / plan.seconds
        return min(1.0, done)

    def _one_step(self) -> None:
        rise = min(1.0, (self.step + 1) / max(1, self.recipe.schedule.warmup))
        self._scale = rise * (1.0 - self.done)
        self.descent.clear()
        batches = [self.task.draw() for _ in range(self.recipe.optimizer.accumulate)]
        for batch in batches:
            losses = self.task.losses(batch)
            self._sum(losses)
            torch.autograd.backward(self.task.total(losses) / len(batches))
        self._norm = self.descent.measure()
        if not math.isfinite(self._norm):
            self._sick("gradient", self._norm, blame(self.task, batches, self.descent.parameters))
        self.descent.step(self.recipe.optimizer.lr * self._scale)
        if self.critic:
            self._critic_step(self.critic)
        self.average.follow(self.task.model, self.step)
        self.step += 1

    def _critic_step(self, critic: Descent) -> None:
        critic.clear()
        losses = self.task.critic_losses()
        self._sum(losses)
        torch.autograd.backward(list(losses.values()))
        norm = critic.measure()
        if not math.isfinite(norm):
            self._sick("gradient of the discriminators", norm)
        critic.step(self.recipe.adversarial.optimizer.lr * self._scale)

    def _sum(self, losses: dict[str, Tensor]) -> None:
        """Add the losses to those of the next report; refuse one that is not finite."""
        for name, loss in losses.items():
            value = float(loss.detach())
            if not math.isfinite(value):
                self._sick(f'loss "{name}"', value)
            self._sums.setdefault(name, []).append(value)

    def _sick(self, name: str, value: float, cause: str = "") -> NoReturn:
        """End the run because `value` is not finite; the last checkpoint stays as it is."""
        saved = (self.folder / checkpoint.NAME).exists()
        found = f"{name} is {value}" + (f" ({cause})" if cause else "")
        again = f"the checkpoint in {self.folder} is sound: resume it" if saved else "start again"
        self.log.write("verdict", self.step, verdict=f"{found}; {again} with {OF_NAN}")
        raise RecipeError(f"step {self.step}: {found}; {again} with {OF_NAN}")

    def _after_step(self) -> None:
        plan, now = self.recipe.checkpoints, time.monotonic()
        if self.step % plan.log_steps == 0 or self.step == 1:
            self._report()
        judge, save = self.place.agree(
            _due(self.step, plan.evaluate_steps, now - self._judged, plan.evaluate_seconds),
            _due(self.step, plan.every_steps, now - self._saved, plan.every_seconds),
        )
        if judge or save:
            self.save()
        if judge:
            self._judge()

    def _report(self) -> None:
        now, done = time.monotonic(), max(self._share(), 1e-9)
        batches = max(map(len, self._sums.values()))
        seconds = batches * self.task.seconds * self.place.replicas
        line: dict[str, Any] = {
            "seconds": self.seconds,
            "left": self.seconds * (1 - done) / done,
            "lr": self.recipe.optimizer.lr * self._scale,
            "gradient": self._norm,
            "times_real_time": seconds / max(1e-9, now - self._logged),
            "losses": {name: sum(all_) / len(all_) for name, all_ in self._sums.items()},
            **self.task.report(),
        }
        line["verdict"] = self.doctor.examine(self.step, line)
        self._tell(self.log.write("train", self.step, **line))
        self._sums, self._logged = {}, now

    def _judge(self) -> None:
        """Judge the averaged model on held-out clips; what was trained is saved before."""
        begin = time.monotonic()
        try:
            if self.place.first:
                with torch.random.fork_rng(devices=[]), torch.no_grad():
                    found = self.task.evaluate(self.average.model, self.log.board, self.step)
                self._tell(self.log.write("held_out", self.step, seconds=self.seconds, **found))
        except Exception:  # a judge must never end a run of hours
            _log.exception("held-out evaluation failed at step %d; training goes on", self.step)
        self._judged, self._judged_at = time.monotonic(), self.step
        self._logged += self._judged - begin  # judging does not count for the speed of training

    def _tell(self, line: dict[str, Any]) -> None:
        if self.progress and self.place.first:
            self.progress(line)

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


def _due(step: int, steps: int, waited: float, seconds: float) -> bool:
    return bool((steps and step % steps == 0) or (seconds and waited >= seconds))


def _device_rng(device: torch.device) -> Tensor | None:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else None


@contextlib.contextmanager
def _denormals_flushed() -> Iterator[None]:
    """Flush denormal numbers to zero while training: on a CPU they are 100 times slower."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
