"""Train an encoder to tell hidden frames, and find the units in what it has learnt."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vocable.codecs import Tokenizer
from vocable.load import save_model
from vocable.train import bf16
from vocable.train.checks import check
from vocable.train.data.recordings import Recordings, open_recordings
from vocable.train.distributed import Distributed
from vocable.train.task import Task
from vocable.train.units.classes import FrameClasses
from vocable.train.units.clusters import sounds
from vocable.train.units.excerpts import Excerpt, Excerpts
from vocable.train.units.labels import NONE, frame_counts
from vocable.train.units.network import UnitsNetwork
from vocable.train.units.network_encoder import NetworkEncoder
from vocable.train.units.recipe import UnitsRecipe
from vocable.units.fitting import fit

_log = logging.getLogger(__name__)
_MEASURED = 8  # batches over which log-mels are centred and scaled
_SEED = 1  # of held-out excerpts, the same in every run
_EVALUATED = 8  # batches


class UnitsTask(Task):
    """A network, its recordings, the classes of their frames."""

    speed = "times_real_time"  # seconds of audio a second

    model: UnitsNetwork

    def __init__(self, network: UnitsNetwork, recipe: UnitsRecipe) -> None:
        self.model, self.recipe = network, recipe
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
        self.excerpts = Excerpts(self.train, recipe.data, recipe.augment, recipe.mask, seed)
        still = replace(recipe.augment, speed=(1.0, 1.0), gain_db=(0.0, 0.0), equalizer_db=0.0)
        self._still = replace(still, low_pass_share=0.0)
        recordings = {"train": self.train, "held_out": self.held_out}
        own = NetworkEncoder(self.model)
        self.classes = FrameClasses(recipe, recordings, folder, distributed, own)
        self._counts = torch.zeros(4, dtype=torch.float64)  # hidden right, hidden, seen right, seen

    def begin(self, *, resumed: bool) -> None:
        if not resumed:
            labels = self.classes.of(0)["train"]
            first = Excerpts(self.train, self.recipe.data, self._still, self.recipe.mask, _SEED)
            some = torch.cat([first.draw(labels).samples for _ in range(_MEASURED)])
            self.model.units.encoder.frames.measure(some[..., None].to(self.distributed.device))
        self.model.train()

    @property
    def iteration(self) -> int:
        """0 while the first targets are told, 1 from `again.after` on."""
        after = self.recipe.again.after * self.recipe.schedule.steps
        steps = self.drawn / self.recipe.optimizer.accumulate
        return int(bool(after) and steps > after)

    def draw(self) -> Excerpt:
        self.drawn += 1
        return self.excerpts.draw(self.classes.of(self.iteration)["train"])

    def losses(self, batch: Excerpt) -> dict[str, Tensor]:
        logits, classes, hidden = self._told(self.model, batch)
        losses = {}
        for name, chosen in (("hidden", hidden), ("seen", ~hidden)):
            chosen = chosen & (classes != NONE)
            if self._weights[name] and chosen.any():
                losses[name] = F.cross_entropy(logits[chosen].float(), classes[chosen])
        self._count(self._counts, logits, classes, hidden)
        return losses

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        return torch.stack([self._weights[name] * loss for name, loss in losses.items()]).sum()

    @property
    def _weights(self) -> dict[str, float]:
        return {"hidden": float(self.recipe.mask.share > 0), "seen": self.recipe.mask.seen}

    def report(self) -> dict[str, Any]:
        """Return the share of hidden frames, and of seen ones, that were told right."""
        line = _shares(self._counts)
        self._counts.zero_()
        return {"iteration": self.iteration, **line}

    def evaluate(self, model: nn.Module, board: Any, step: int) -> dict[str, Any]:
        """Return the shares of held-out frames that are told right, hidden and seen."""
        assert isinstance(model, UnitsNetwork)
        labels = self.classes.of(self.iteration)["held_out"]
        data, mask = self.recipe.data, self.recipe.mask
        excerpts = Excerpts(self.held_out, replace(data, weights={}), self._still, mask, _SEED)
        counts = torch.zeros(4, dtype=torch.float64)
        model.eval()
        for _ in range(_EVALUATED):
            self._count(counts, *self._told(model, excerpts.draw(labels)))
        return _shares(counts)

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

    def _told(self, model: UnitsNetwork, batch: Excerpt) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits, classes and what is hidden, on the device."""
        device = self.distributed.device
        samples, classes, hidden = (x.to(device) for x in vars(batch).values())
        with self._autocast():
            logits = model(samples, hidden, self.iteration)
        return logits, classes, hidden

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        if not self._bf16:
            return contextlib.nullcontext()
        return torch.autocast(self.distributed.device.type, dtype=torch.bfloat16)

    @torch.no_grad()
    def _count(self, counts: Tensor, logits: Tensor, classes: Tensor, hidden: Tensor) -> None:
        right, known = logits.argmax(-1) == classes, classes != NONE
        for at, chosen in ((0, hidden & known), (2, ~hidden & known)):
            counts[at] += (right & chosen).sum().cpu()
            counts[at + 1] += chosen.sum().cpu()


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


def _shares(counts: Tensor) -> dict[str, float]:
    hidden, seen = (float(counts[k] / counts[k + 1].clamp(min=1)) for k in (0, 2))
    return {"hidden_right": hidden, "seen_right": seen}
