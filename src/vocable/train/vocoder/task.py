"""Train a vocoder on recordings and their units: mel, adversaries, feature maps, durations.

"HiFi-GAN" (Kong et al. 2020, arXiv:2010.05646) on units, as in "Speech Resynthesis from Discrete
Disentangled Self-Supervised Representations" (Polyak et al. 2021, arXiv:2104.00355). The durations
are those of "Direct speech-to-speech translation with discrete units" (Lee et al. 2022,
arXiv:2107.05604): squared error of log(1 + frames).
"""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vocable.codecs import Codec, Tokenizer
from vocable.errors import ModelError, RecipeError
from vocable.fitting import fit
from vocable.load import load, save_vocoder
from vocable.tokens import TokenSpec
from vocable.train.codec.adversarial import discriminator_loss, generator_loss
from vocable.train.codec.discriminators import Discriminators
from vocable.train.codec.losses import ReconstructionLoss
from vocable.train.data.recordings import open_recordings
from vocable.train.data.tables import Augment
from vocable.train.distributed import Distributed
from vocable.train.task import Task
from vocable.train.vocoder.evaluation import HeldOut, evaluate, held_out_clips
from vocable.train.vocoder.kept_units import keep_units
from vocable.train.vocoder.recipe import VocoderRecipe
from vocable.train.vocoder.segments import Batch, UnitSegments
from vocable.units import UnitTokenizer
from vocable.units.vocoder.binding import fitting
from vocable.units.vocoder.hifigan import UnitHifiGan, UnitHifiGanConfig
from vocable.units.vocoder.vocoder import Vocoder

_log = logging.getLogger(__name__)


class VocoderTask(Task):
    """A vocoder, its recordings with their units, and its losses."""

    speed = "times_real_time"  # seconds of audio a second

    model: UnitHifiGan

    def __init__(self, recipe: VocoderRecipe) -> None:
        self.recipe = recipe
        self.tokenizer = _units_of(recipe)
        self.model = UnitHifiGan(_config(recipe, self.tokenizer.spec))
        self.spec = fitting(self.model.config, recipe.name, self.tokenizer.spec)
        self.frames = round(recipe.data.segment * float(self.spec.frame_rate))
        if self.frames < 1:
            raise RecipeError(f"data.segment is {recipe.data.segment} s, less than a frame")
        self.items_per_batch = recipe.data.batch * float(self.spec.seconds(self.frames))
        self.weights = recipe.loss_weights

    def setup(self, data: Path, folder: Path, distributed: Distributed) -> None:
        """Decode the recordings to `folder` and make their units, or find both there."""
        recipe, config = self.recipe, self.model.config
        plain = Augment(loudness_db=recipe.data.loudness_db)
        train, held_out = open_recordings(
            data, recipe.data, plain, config.rate, 1, folder, distributed
        )
        _log.info(
            "%.2f h of %d speakers to train on, %.2f h held out", train.seconds / 3600,
            max(1, config.speakers), held_out.seconds / 3600,
        )  # fmt: skip
        self.distributed, self.train_seconds = distributed, train.seconds
        names = recipe.vocoder.speakers or ("",)
        speakers = {name: number for number, name in enumerate(names)}
        if unknown := {clip.speaker for clip in train.clips} - speakers.keys():
            raise RecipeError(
                f'the manifest has a speaker "{min(unknown)}" that vocoder.speakers does not name; '
                "leave that out to have all of them"
            )
        units = keep_units(train, self.tokenizer, folder / "train.npz", distributed)
        held_out_units = keep_units(held_out, self.tokenizer, folder / "held_out.npz", distributed)
        self.segments = UnitSegments(
            train, units, speakers, recipe.data, frames=self.frames, hop=config.frame,
            seed=recipe.seed + 1000 * distributed.rank,
        )  # fmt: skip
        self.clips: list[HeldOut] = held_out_clips(
            held_out, held_out_units, speakers, recipe.checkpoints
        )
        self.model = self.model.to(distributed.device)
        self.reconstruction_loss = ReconstructionLoss(recipe.loss, config.rate)
        if recipe.adversarial.enabled:
            self.discriminator = Discriminators(recipe.adversarial).to(distributed.device)
            self.discriminator_optimizer = recipe.adversarial.optimizer
            distributed.broadcast_module(self.discriminator)

    def draw(self) -> Batch:
        return self.segments.draw().to(self.distributed.device)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        table = self.model.speaker
        speaker = None if table is None else table(batch.speakers)
        self._target, self._output = batch.sound, self.model(batch.units, speaker=speaker)
        losses: dict[str, Tensor] = self.reconstruction_loss(self._target, self._output)
        if self.discriminator is not None:
            rule, relative = self.recipe.adversarial.rule, self.recipe.adversarial.relative
            losses |= generator_loss(
                self.discriminator, self._target, self._output, rule, relative=relative
            )
        if self.model.durations is not None and self.weights["duration"]:
            losses["duration"] = self._duration_loss(batch)
        return losses

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        return torch.stack([self.weights[name] * loss for name, loss in losses.items()]).sum()

    def discriminator_losses(self) -> dict[str, Tensor]:
        assert self.discriminator is not None
        table = self.recipe.adversarial
        if table.update < 1:
            (learns,) = self.distributed.broadcast_values(float(torch.rand(())) < table.update)
            if not learns:
                return {}
        loss = discriminator_loss(self.discriminator, self._target, self._output, table.rule)
        return {"discriminator": loss}

    def evaluate(self, model: nn.Module, board: Any, step: int) -> dict[str, Any]:
        """Return the mel distance of held-out recordings, and how far their durations are off."""
        return evaluate(self._vocoder(model), self.clips)

    def in_use(self, model: nn.Module) -> Vocoder:
        """Return the vocoder with the weights as they are stored: what loading the export gives."""
        for tensor in model.state_dict().values():
            tensor.copy_(tensor.to(torch.float16))
        return self._vocoder(model)

    def export(self, model: nn.Module, folder: Path, facts: dict[str, Any]) -> str:
        """Write a folder that `vocable.load` reads; return the vocoder's name."""
        table = self.recipe.vocoder
        licence = {"licence": table.licence} if table.licence else {}
        return save_vocoder(
            self._vocoder(model), folder, table.name or self.recipe.name, version=table.version,
            facts={**licence, "training": facts},
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        return {"segments": self.segments.state(), "train_seconds": self.train_seconds}

    def restore(self, state: dict[str, Any]) -> None:
        if (before := state["train_seconds"]) != self.train_seconds:
            _log.warning(
                "the run had %.4g h of recordings and now has %.4g h: it goes on, but not exactly",
                before / 3600, self.train_seconds / 3600,
            )  # fmt: skip
        self.segments.restore(state["segments"])

    def _duration_loss(self, batch: Batch) -> Tensor:
        predictor = self.model.durations
        assert predictor is not None
        foretold = predictor(self.model.units(batch.runs))
        asked = batch.durations > 0
        wanted = torch.log1p(batch.durations.float())
        error: Tensor = (foretold - wanted)[asked]
        return error.square().mean()

    def _vocoder(self, model: nn.Module) -> Vocoder:
        assert isinstance(model, UnitHifiGan)
        table = self.recipe.vocoder
        names = table.speakers if model.config.speakers else ()
        name = table.name or self.recipe.name
        return Vocoder(model, self.tokenizer.spec, name=name, speakers=names)


def _units_of(recipe: VocoderRecipe) -> Tokenizer | UnitTokenizer:
    name = recipe.vocoder.units
    found = load(name)
    one_level = isinstance(found, Tokenizer | UnitTokenizer) and len(found.spec.levels) == 1
    if not one_level or isinstance(found, Codec):
        raise RecipeError(f"vocoder.units is {name}, which is not a tokenizer of units")
    tokenizer: Tokenizer | UnitTokenizer = found
    return tokenizer


def _config(recipe: VocoderRecipe, spec: TokenSpec) -> UnitHifiGanConfig:
    """Return the network's config: units and speakers as they are, all else by the recipe."""
    known = {
        "units": spec.levels[0].size,
        "speakers": len(recipe.vocoder.speakers) if len(recipe.vocoder.speakers) > 1 else 0,
        "durations": {},
        "rate": spec.rate,
    }
    if taken := {"units", "speakers", "speaker_vector", "pitch_bins", "pitch_value"} & (
        recipe.vocoder.config.keys()
    ):
        raise RecipeError(f"vocoder.config.{min(taken)} cannot be set; the data decides of it")
    table = known | recipe.vocoder.config
    try:
        found = fit(UnitHifiGanConfig, table, "vocoder.config", RecipeError, "vocoder.config.")
    except ModelError as error:
        raise RecipeError(f"vocoder.config: {error}") from error
    if math.prod(found.rates) * spec.rate != spec.frame * found.rate:
        raise RecipeError(
            f"vocoder.config.rates make {math.prod(found.rates)} samples of a frame, which at "
            f"{found.rate} Hz needs {spec.frame * found.rate / spec.rate:g}"
        )
    return found
