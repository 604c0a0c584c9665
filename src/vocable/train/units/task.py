"""Train an encoder by an objective, and find the units in what it has learnt."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vocable.codecs import Tokenizer
from vocable.load import save_model
from vocable.train import bf16
from vocable.train.checks import check
from vocable.train.data.recordings import Recordings, open_recordings
from vocable.train.distributed import Distributed
from vocable.train.task import Task
from vocable.train.units.clusters import sounds
from vocable.train.units.excerpts import Excerpts
from vocable.train.units.labels import frame_counts
from vocable.train.units.network import UnitsNetwork
from vocable.train.units.network_encoder import NetworkEncoder
from vocable.train.units.objective import Answers, Objective, Question, Tally, moved
from vocable.train.units.recipe import UnitsRecipe
from vocable.units.fitting import fit

_log = logging.getLogger(__name__)
_MEASURED = 8  # batches over which log-mels are centred and scaled
_SEED = 1  # of held-out excerpts, the same in every run
_EVALUATED = 8  # batches


class UnitsTask(Task):
    """A network, its recordings, and the objective that it is trained by."""

    speed = "times_real_time"  # seconds of audio a second

    model: UnitsNetwork

    def __init__(
        self, network: UnitsNetwork, objective: Objective[Any], recipe: UnitsRecipe
    ) -> None:
        self.model, self.objective, self.recipe = network, objective, recipe
        self.items_per_batch = recipe.data.batch * recipe.data.segment
        self.drawn = 0  # batches

    def setup(self, data: Path, folder: Path, distributed: Distributed) -> None:
        recipe, rate = self.recipe, self.model.units.spec.rate
        plain = replace(recipe.augment, speed=(1.0, 1.0))
        self.train, self.held_out = open_recordings(
            data, recipe.data, plain, rate, 1, folder, distributed
        )
        _log.info("%.2f h to train on, %.2f h held out", *(
            each.seconds / 3600 for each in (self.train, self.held_out)
        ))  # fmt: skip
        frames, wanted = sum(frame_counts(self.train)), self.model.units.config.units
        check(frames >= wanted, f"{frames} frames cannot make {wanted} units; give more recordings")
        self.distributed = distributed
        self._bf16 = recipe.precision == "bf16" and not bf16.why_not(distributed.device)
        self.model = self.model.to(distributed.device)
        seed = recipe.seed + 1000 * distributed.rank
        self.excerpts = Excerpts(self.train, recipe.data, recipe.augment, seed)
        still = replace(recipe.augment, speed=(1.0, 1.0), gain_db=(0.0, 0.0), equalizer_db=0.0)
        self._still = replace(still, low_pass_share=0.0)
        recordings = {"train": self.train, "held_out": self.held_out}
        self.objective.open(recordings, folder, distributed, self.model)
        self._tally = Tally()

    def begin(self, *, resumed: bool) -> None:
        if not resumed:
            first = Excerpts(self.train, self.recipe.data, self._still, _SEED)
            some = torch.cat([first.draw().samples for _ in range(_MEASURED)])
            self.model.units.encoder.frames.measure(some[..., None].to(self.distributed.device))
        self.model.train()

    @property
    def steps(self) -> float:
        """Steps, up to the batch that was drawn last."""
        return self.drawn / self.recipe.optimizer.accumulate

    def draw(self) -> Question:
        self.drawn += 1
        return self._question(self.excerpts, "train")

    def losses(self, batch: Question) -> dict[str, Tensor]:
        answers = self._answers(self.model, batch)
        self._tally.add(answers)
        return answers.losses

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        weights = self.objective.weights
        return torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()

    def report(self) -> dict[str, Any]:
        """Return what share of the answers was right, and what else the objective says."""
        tally, self._tally = self._tally, Tally()
        return {**self.objective.facts(self.steps), **tally.shares()}

    def evaluate(self, model: nn.Module, board: Any, step: int) -> dict[str, Any]:
        """Return what share of the answers is right for held-out recordings."""
        assert isinstance(model, UnitsNetwork)
        data = replace(self.recipe.data, weights={})
        excerpts, tally = Excerpts(self.held_out, data, self._still, _SEED), Tally()
        model.eval()
        for _ in range(_EVALUATED):
            tally.add(self._answers(model, self._question(excerpts, "held_out")))
        return tally.shares()

    def end(self, model: nn.Module) -> None:
        """Find the units: cluster centres of what the last layer of the encoder gives."""
        assert isinstance(model, UnitsNetwork)
        model.eval()
        find_units(model, self.train, self.recipe.seed)

    def in_use(self, model: nn.Module) -> Tokenizer:
        assert isinstance(model, UnitsNetwork)
        for tensor in model.units.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(tensor.to(model.units.stored_dtype))
        return Tokenizer(model.units)

    def export(self, model: nn.Module, folder: Path, facts: dict[str, Any]) -> str:
        assert isinstance(model, UnitsNetwork)
        table = self.recipe.units
        more: dict[str, Any] = {"training": facts}
        if table.licence:
            more["licence"] = table.licence
        name = table.name or self.recipe.name
        model.units.space = save_model(
            model.units, folder, name=name, version=table.version, facts=more
        )
        return model.units.space

    def state(self) -> dict[str, Any]:
        return {"excerpts": self.excerpts.state(), "drawn": self.drawn}

    def restore(self, state: dict[str, Any]) -> None:
        self.excerpts.restore(state["excerpts"])
        self.drawn = state["drawn"]

    def _question(self, source: Excerpts, name: str) -> Question:
        objective, steps = self.objective, self.steps
        excerpt = source.draw(objective.among(name, steps))
        found: Question = objective.draw(excerpt, name, steps, source.random)
        return found

    def _answers(self, model: UnitsNetwork, question: Question) -> Answers:
        with self._autocast():
            return self.objective.ask(model, moved(question, self.distributed.device))

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        if not self._bf16:
            return contextlib.nullcontext()
        return torch.autocast(self.distributed.device.type, dtype=torch.bfloat16)


@torch.no_grad()
def find_units(model: UnitsNetwork, recordings: Recordings, seed: int) -> None:
    """Set the codebook of `model.units` to cluster centres of its last layer, standardised."""
    units = model.units
    codebook, standardise = units.quantizer.stack[0].codebook, units.encoder.standardise
    found = fit(
        NetworkEncoder(model), sounds(recordings), codebook.size,
        layer=units.config.layers, standardise=True, seed=seed,
    ).centres  # fmt: skip
    assert found.mean is not None and found.deviation is not None
    standardise.mean.copy_(found.mean)
    standardise.deviation.copy_(found.deviation)
    codebook.entries.copy_(found.blocks[0])
