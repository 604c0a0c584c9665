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

import numpy as np
import torch
from torch import Tensor, nn

from vocable.audio import Audio
from vocable.codecs import Codec, Tokenizer
from vocable.conditions import Embeds, embedding_of
from vocable.errors import ModelError, RecipeError
from vocable.fitting import fit
from vocable.load import load, load_embedding, save_vocoder
from vocable.tokens import TokenSpec
from vocable.train.codec.adversarial import generator_loss, losses_in_turn
from vocable.train.codec.discriminators import Discriminators
from vocable.train.codec.losses import ReconstructionLoss
from vocable.train.data.recordings import Recordings, open_recordings
from vocable.train.data.tables import Augment
from vocable.train.distributed import Distributed
from vocable.train.task import Task
from vocable.train.vocoder.evaluation import evaluate, held_out_clips
from vocable.train.vocoder.kept import keep_units, keep_voices
from vocable.train.vocoder.recipe import VocoderRecipe
from vocable.train.vocoder.segments import Batch, UnitSegments
from vocable.units import UnitTokenizer
from vocable.units.vocoder.binding import fitting
from vocable.units.vocoder.hifigan import UnitHifiGan, UnitHifiGanConfig
from vocable.units.vocoder.vocoder import Vocoder

_log = logging.getLogger(__name__)


_DECIDED = {
    "units", "speakers", "speaker_vector", "embedding", "languages", "pitch_bins", "pitch_value",
}  # fmt: skip


class VocoderTask(Task):
    """A vocoder, its recordings with their units, and its losses."""

    speed = "times_real_time"  # seconds of audio a second

    model: UnitHifiGan

    def __init__(self, recipe: VocoderRecipe) -> None:
        self.recipe = recipe
        self.tokenizer = _units_of(recipe)
        embedding = recipe.vocoder.embedding
        self.embeds = load_embedding(embedding) if embedding else None
        self.model = UnitHifiGan(_config(recipe, self.tokenizer.spec, self.embeds))
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
            "%.2f h to train on, %.2f h held out", train.seconds / 3600, held_out.seconds / 3600
        )
        self.distributed, self.train_seconds = distributed, train.seconds
        kept = folder / "train.int16", folder / "held_out.int16"
        units = keep_units(train, self.tokenizer, kept[0], distributed)
        speakers = self._speakers(train, kept[0], distributed)
        self._check_known(train, speakers)
        self.segments = UnitSegments(
            train, units, np.stack(speakers), recipe.data, frames=self.frames, hop=config.frame,
            seed=recipe.seed + 1000 * distributed.rank,
        )  # fmt: skip
        self.clips = held_out_clips(
            held_out, keep_units(held_out, self.tokenizer, kept[1], distributed),
            self._speakers(held_out, kept[1], distributed), recipe.checkpoints,
        )  # fmt: skip
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
        table, pair = self.recipe.adversarial, (self._target, self._output)
        return losses_in_turn(self.discriminator, table, self.distributed, *pair)

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

    def _speakers(
        self, recordings: Recordings, samples: Path, distributed: Distributed
    ) -> list[Any]:
        """Return who speaks in each recording: a vector, or a number, None for nobody known."""
        if self.embeds is not None:
            return list(keep_voices(recordings, self.embeds, samples, distributed))
        names = self.recipe.vocoder.speakers or ("",)
        numbers = {name: np.int64(number) for number, name in enumerate(names)}
        return [numbers.get(clip.speaker) for clip in recordings.clips]

    def _check_known(self, recordings: Recordings, speakers: list[Any]) -> None:
        for clip, speaker in zip(recordings.clips, speakers, strict=True):
            if speaker is None:
                raise RecipeError(
                    f'the manifest has a speaker "{clip.speaker}" that vocoder.speakers does not '
                    "name; leave that out to have all of them"
                )

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


def _config(recipe: VocoderRecipe, spec: TokenSpec, embeds: Embeds | None) -> UnitHifiGanConfig:
    """Return the network's config: units and speakers as they are, all else by the recipe."""
    known: dict[str, Any] = {
        "units": spec.levels[0].size,
        "speakers": len(recipe.vocoder.speakers) if len(recipe.vocoder.speakers) > 1 else 0,
        "durations": {},
        "rate": spec.rate,
    }
    if embeds is not None:
        known |= {"speaker_vector": _width(embeds), "embedding": embeds.space}
    if taken := _DECIDED & recipe.vocoder.config.keys():
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


def _width(embeds: Embeds) -> int:
    """Return how long the vectors of an embedding are: as that of any sound."""
    noise = np.random.default_rng(0).normal(0, 0.1, (1, embeds.rate)).astype(np.float32)
    return len(embedding_of(embeds, Audio(noise, embeds.rate)))
