"""Train a codec: what it hears, what it is told, how it is judged."""

from __future__ import annotations

import contextlib
import json
import logging
import math
from typing import Any

import torch
from torch import Tensor, nn

from vocable.errors import RecipeError
from vocable.train.adversarial import fool, unmask
from vocable.train.balance import Balancer
from vocable.train.discriminators import Discriminators
from vocable.train.heldout import judge
from vocable.train.losses import Reconstruction
from vocable.train.place import Place
from vocable.train.recipe import Recipe
from vocable.train.recordings import Recordings
from vocable.train.segments import Segments

_log = logging.getLogger(__name__)
OF_OUTPUT = ("time", "mel", "low_band", "complex", "adversarial", "feature")  # what can be balanced


class CodecTask:
    """A codec, its segments, its losses, its discriminators and its held-out clips."""

    def __init__(
        self, codec: nn.Module, recipe: Recipe, train: Recordings, held: Recordings, place: Place
    ) -> None:
        self.model, self.recipe, self.place = codec.to(place.device), recipe, place
        self.rate, self.audio_seconds = train.rate, train.seconds
        self.critic: nn.Module | None = None
        if recipe.adversarial.wanted:
            self.critic = Discriminators(recipe.adversarial).to(place.device)
            place.share(self.critic)
        self.segments = Segments(
            train,
            recipe.augment,
            batch=recipe.data.batch,
            segment=round(recipe.data.segment * train.rate),
            seed=recipe.seed + 1000 * place.rank,
            weights=recipe.data.weights,
        )
        self.seconds = recipe.data.batch * recipe.data.segment
        self.compare = Reconstruction(recipe.loss, train.rate)
        self.weights = _weights(recipe)
        self.balancer = Balancer(self.weights) if recipe.loss.balance else None
        self.held = _pick(held, recipe)
        self._health: Any = None
        self._energy = torch.zeros(2, dtype=torch.float64, device=place.device)  # input, output
        for part in recipe.codec.freeze:
            self.model.get_submodule(part).requires_grad_(False)

    def begin(self, *, resumed: bool) -> None:
        """Let all but the frozen parts learn; a frozen quantizer keeps its codebooks.

        A codec with `prepare(batches)` learns from some of them before the first step.
        """
        prepare = getattr(self.model, "prepare", None)
        if prepare is not None and not resumed and not self.recipe.codec.start:
            limit = min(self.recipe.data.prepare_seconds, 4 * self.audio_seconds)
            prepare(self.draw() for _ in range(math.ceil(limit / self.seconds)))
        self.model.train()
        for part in self.recipe.codec.freeze:
            self.model.get_submodule(part).eval()

    def draw(self) -> Tensor:
        return self.segments.draw().to(self.place.device)

    def losses(self, batch: Tensor) -> dict[str, Tensor]:
        """Return all losses by name, unweighted."""
        with self._precision():
            output = self.model(batch)
        self._real, self._decoded = batch, output.audio.float()
        self._notice(output.health)
        losses = self.compare(batch, self._decoded)
        if self.critic is not None:
            losses |= fool(self.critic, batch, self._decoded)
        return {**losses, **output.losses}

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        """Return the weighted sum, balanced at the output where the recipe says so."""
        if unknown := losses.keys() - self.weights.keys():
            name = min(unknown)
            raise RecipeError(
                f'the codec reports a loss "{name}" that the recipe does not weigh; '
                f"set loss.codec.{name} (0 leaves it out)"
            )
        balanced = {name: losses[name] for name in OF_OUTPUT if self.balancer and name in losses}
        # In the order of `losses`: a set's changes with the process, and so would the last bit.
        plain = [self.weights[name] * loss for name, loss in losses.items() if name not in balanced]
        if self.balancer:
            plain.append(self.balancer.total(balanced, self._decoded))
        return torch.stack(plain).sum()

    def critic_losses(self) -> dict[str, Tensor]:
        """Return the discriminators' loss on the last batch."""
        assert self.critic is not None
        return {"critic": unmask(self.critic, self._real, self._decoded)}

    def report(self) -> dict[str, Any]:
        """Return the output's level and the health of the codebooks since the last report.

        `possible` is the perplexity that so many codes could have at most.
        """
        heard, said = (self._energy + 1e-12).tolist()
        report: dict[str, Any] = {"level_db": 10 * math.log10(said / heard)}
        if self._health is not None:
            names = ("used", "perplexity", "residual_db")
            report |= {name: getattr(self._health, name).tolist() for name in names}
            report["possible"] = [min(len(c), int(c.sum())) for c in self._health.counts]
        self._health = None
        self._energy.zero_()
        return report

    def evaluate(self, model: nn.Module, board: Any, step: int) -> dict[str, Any]:
        return judge(model, self.held, self.rate, self.place.device, board, step)

    def state(self) -> str:
        values: dict[str, Any] = self.segments.state() | {"heard": self.audio_seconds}
        if self.balancer:
            values["norms"] = self.balancer.norms
        return json.dumps(values)

    def restore(self, state: str) -> None:
        values = json.loads(state)
        if (heard := values.pop("heard", self.audio_seconds)) != self.audio_seconds:
            _log.warning(
                "the run had %.4g h of recordings and now has %.4g h: it goes on, but not exactly",
                heard / 3600,
                self.audio_seconds / 3600,
            )
        norms = values.pop("norms", {})
        if self.balancer:
            self.balancer.norms = {name: tuple(pair) for name, pair in norms.items()}
        self.segments.restore(values)

    @torch.no_grad()
    def _notice(self, health: Any) -> None:
        self._energy[0] += self._real.square().sum()
        self._energy[1] += self._decoded.square().sum()
        if health is not None:
            self._health = health if self._health is None else self._health + health

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        if self.recipe.precision == "fp32" or not self.place.has_bf16:
            return contextlib.nullcontext()
        return torch.autocast(self.place.device.type, dtype=torch.bfloat16)


def _weights(recipe: Recipe) -> dict[str, float]:
    loss, adversarial = recipe.loss, recipe.adversarial
    return {
        **loss.of_sound,
        "adversarial": adversarial.weight,
        "feature": adversarial.feature,
        **loss.codec,
    }


def _pick(held: Recordings, recipe: Recipe) -> list[Any]:
    """Return a handful of held-out clips, evenly over all, the same each time."""
    plan = recipe.checkpoints
    places = range(0, len(held), max(1, len(held) // plan.clips))[: plan.clips]
    return [held.clip(i)[: round(plan.clip_seconds * held.rate)] for i in places]
