"""Train a codec and, beside it, the questions that part what it codes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from vocable.codecs import CodecModel
from vocable.train.codec.factors.heads import Heads, Told
from vocable.train.codec.factors.told import (
    PHONES,
    Content,
    Knowledge,
    StatedPhones,
    StatedUnits,
    open_units,
)
from vocable.train.codec.recipe import CodecRecipe
from vocable.train.codec.taught import TaughtTask
from vocable.train.distributed import Distributed
from vocable.train.vocoder.kept import keep_units


class Lesson(NamedTuple):
    """Segments, and what is known of them."""

    sound: Tensor  # [batch, channels, samples]
    told: Told


class FactorTask(TaughtTask):
    """A codec of parts and the questions to each."""

    taught_by = "factors"

    def __init__(self, codec: CodecModel, recipe: CodecRecipe) -> None:
        self.heads = Heads(codec, recipe.factors)
        super().__init__(codec, recipe, heads=self.heads)

    def setup(self, data: Path, folder: Path, distributed: Distributed) -> None:
        """Decode the recordings and find their units, or find both there."""
        super().setup(data, folder, distributed)
        recordings, name = self.segments.recordings, self.recipe.factors.content
        content: Content
        if name == PHONES:
            content = StatedPhones(recordings)
        else:
            units = open_units(name, distributed.device)
            kept = keep_units(recordings, units, folder / "train.int16", distributed)
            content = StatedUnits(kept, units.spec)
        self.knowledge = Knowledge(recordings, content, self.codec.frame_written)

    def draw(self) -> Lesson:
        sound, places = self.segments.draw_placed()
        told = self.knowledge.of(sound, places)
        return Lesson(sound.to(self.distributed.device), told.to(self.distributed.device))

    def losses(self, batch: Lesson) -> dict[str, Tensor]:
        output = self.decoded(batch.sound)
        told = self.heads(output, batch.told)
        return {**self.compared(batch.sound, output), **told}
