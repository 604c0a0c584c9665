"""Train a network to part speakers: what is drawn, what is learnt, what held-out voices say."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import RecipeError
from vocable.fitting import fit
from vocable.load.separators import save_separator
from vocable.separation import ConvTasNet, ConvTasNetConfig, Separator
from vocable.separation.si_sdr import improvement, loss
from vocable.train.data.recordings import Recordings, open_recordings
from vocable.train.distributed import Distributed
from vocable.train.separation.mixtures import Mixtures
from vocable.train.separation.recipe import SeparationRecipe
from vocable.train.task import Task

_log = logging.getLogger(__name__)
_SEED = 1  # of held-out mixtures, the same in every run


class SeparationTask(Task):
    """A network that parts speakers, and the recordings that its mixtures are made of."""

    speed = "times_real_time"  # seconds of mixtures a second
    model: ConvTasNet

    def __init__(self, recipe: SeparationRecipe) -> None:
        self.recipe = recipe
        config = fit(ConvTasNetConfig, recipe.separation.config, "recipe", RecipeError,
                     "separation.config.")  # fmt: skip
        self.model = ConvTasNet(config)
        self.segment = round(recipe.data.segment * config.rate) // config.stride * config.stride
        self.items_per_batch = recipe.data.batch * recipe.data.segment

    def setup(self, data: Path, folder: Path, distributed: Distributed) -> None:
        recipe, rate = self.recipe, self.model.config.rate
        train, held_out = open_recordings(
            data, recipe.data, recipe.augment, rate, 1, folder, distributed
        )
        self.distributed = distributed
        self.model = self.model.to(distributed.device)
        seed = recipe.seed + 1000 * distributed.rank
        self.mixtures = self._mixtures(train, seed, weights=recipe.data.weights)
        self.held_out = self._held_out(held_out)
        others = 0 if self.held_out is None else len(self.held_out)
        _log.info(
            "%.2f h of %d speakers to train on, %d mixtures of others held out",
            train.seconds / 3600, len(self.mixtures.names), others,
        )  # fmt: skip

    def draw(self) -> Float[Tensor, "batch speakers samples"]:
        return self.mixtures.draw()

    def losses(self, batch: Float[Tensor, "batch speakers samples"]) -> dict[str, Tensor]:
        wanted = batch.to(self.distributed.device)
        return {"si_sdr": loss(_parted(self.model, wanted), wanted)}

    def evaluate(self, model: nn.Module, board: Any, step: int) -> dict[str, Any]:
        """Return by how many dB held-out speakers are parted: nothing where there are none."""
        assert isinstance(model, ConvTasNet)
        if self.held_out is None:
            return {}
        model.eval()
        found = []
        held_out = self.held_out.to(self.distributed.device)
        for wanted in torch.split(held_out, self.recipe.data.batch):
            found.append(improvement(_parted(model, wanted), wanted, wanted.sum(1)))
        return {"si_sdr_improvement": float(torch.cat(found).mean())}

    def in_use(self, model: nn.Module) -> Separator:
        assert isinstance(model, ConvTasNet)
        for tensor in model.state_dict().values():
            tensor.copy_(tensor.half())  # as they are stored
        table = self.recipe.separation
        name = f"{table.name or self.recipe.name}@{table.version}"
        return Separator(model.eval().requires_grad_(False), name=name, licence=table.licence)

    def export(self, model: nn.Module, folder: Path, facts: dict[str, Any]) -> str:
        assert isinstance(model, ConvTasNet)
        table = self.recipe.separation
        licence = {"licence": table.licence} if table.licence else {}
        return save_separator(
            model, folder, table.name or self.recipe.name, version=table.version,
            facts={**licence, "training": facts},
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        return {"mixtures": self.mixtures.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self.mixtures.restore(state["mixtures"])

    def _held_out(
        self, recordings: Recordings
    ) -> Float[Tensor, "mixtures speakers samples"] | None:
        """Return fixed mixtures of speakers that are not learnt; None where they are too few."""
        still = replace(self.recipe.augment, speed=(1.0, 1.0), equalizer_db=0.0, low_pass_share=0.0)
        try:
            source = self._mixtures(recordings, _SEED, still, without=self.mixtures.names)
        except RecipeError as error:
            _log.warning("nothing is evaluated: of those held out, %s", error)
            return None
        count = self.recipe.mixtures.held_out
        return torch.cat([source.draw() for _ in range(-(-count // source.batch))])[:count]

    def _mixtures(
        self, recordings: Recordings, seed: int, augment: Any = None, **how: Any
    ) -> Mixtures:
        recipe = self.recipe
        return Mixtures(
            recordings, augment or recipe.augment, recipe.mixtures, batch=recipe.data.batch,
            speakers=self.model.config.speakers, segment=self.segment, seed=seed, **how,
        )  # fmt: skip


def _parted(
    model: ConvTasNet, wanted: Float[Tensor, "batch speakers samples"]
) -> Float[Tensor, "batch speakers samples"]:
    """Return what a network makes of the sum of all speakers."""
    parts: Tensor = model(wanted.sum(1)[..., None])
    return parts.transpose(1, 2)
