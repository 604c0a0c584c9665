"""The recipe of a vocoder: for which units, of which speakers, and by which losses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vocable.audio.manifest import read_manifest
from vocable.train.checks import check
from vocable.train.codec.recipe import Adversarial, CodecCheckpoints, Loss
from vocable.train.data.manifest import split
from vocable.train.data.tables import Data
from vocable.train.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class VocoderTable:
    """What is trained."""

    units: str = "units-16k"  # the tokenizer whose units it decodes: a name, a folder, centres
    config: dict[str, Any] = field(default_factory=dict)  # overrides of UnitHifiGanConfig
    speakers: tuple[str, ...] = ()  # names of its table; empty: those of the manifest
    # speakers are vectors of this embedding, "say-16k" or a CLAP, in place of a table
    embedding: str = ""
    name: str = ""  # of the exported vocoder; empty: the recipe's name
    version: str = "1"
    licence: str = ""  # of the weights, for the model's config.json


@dataclass(frozen=True, kw_only=True)
class VocoderData(Data):
    """How segments are drawn."""

    batch: int = 16
    segment: float = 0.56  # seconds, a whole number of frames
    runs: int = 32  # units of a segment whose durations are asked for, equal neighbours joined
    loudness_db: float | None = None  # dBFS, gated: bring each recording to it first

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.runs > 0, f"data.runs is {self.runs}; wanted 1 or more")
        check(
            self.loudness_db is None or -100 <= self.loudness_db <= 0,
            f"data.loudness_db is {self.loudness_db}; wanted -100 to 0 (dBFS)",
        )


@dataclass(frozen=True, kw_only=True)
class VocoderRecipe(Recipe):
    """All that makes a vocoder's run, apart from the recordings."""

    task: str = "vocoder"
    vocoder: VocoderTable = VocoderTable()
    data: VocoderData = VocoderData()
    loss: Loss = Loss(mel=45.0, mel_windows=(1024,), mel_bands=(80,), floor=1e-5)
    duration: float = 1.0  # weight of the squared error of log(1 + frames) of a unit
    adversarial: Adversarial = Adversarial()
    checkpoints: CodecCheckpoints = CodecCheckpoints()

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.duration >= 0, f"duration is {self.duration}; wanted 0 or more")
        check(
            any(self.loss.reconstruction.values()) or self.adversarial.enabled,
            "the recipe does not compare sound with the recording's; set loss.mel above 0",
        )
        check(
            not (self.vocoder.embedding and self.vocoder.speakers),
            "vocoder.speakers names a table and vocoder.embedding is for none; set one of them",
        )
        check(not self.loss.balance, "loss.balance is for codecs; leave it out")

    @property
    def loss_weights(self) -> dict[str, float]:
        """The weight of every loss, by the name that the log has for it."""
        return {
            **self.loss.reconstruction,
            "adversarial": self.adversarial.weight,
            "feature": self.adversarial.feature,
            "duration": self.duration,
        }


def with_speakers(recipe: VocoderRecipe, data: Path) -> VocoderRecipe:
    """Return a recipe with the speakers of the manifest's rows to train on, in order of name."""
    if recipe.vocoder.speakers or recipe.vocoder.embedding:
        return recipe
    train, _ = split(read_manifest(data), recipe.data)
    speakers = tuple(sorted({clip.speaker for clip in train}))
    return replace(recipe, vocoder=replace(recipe.vocoder, speakers=speakers))
