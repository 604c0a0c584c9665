"""Train a codec and, beside it, what brings its first level near to a teacher."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vocable.codecs import CodecModel
from vocable.errors import ModelError, RecipeError
from vocable.train.codec.distil.branch import BranchForm
from vocable.train.codec.distil.features import features_of
from vocable.train.codec.distil.form import Form
from vocable.train.codec.distil.informed import InputForm
from vocable.train.codec.distil.level import LevelForm
from vocable.train.codec.distil.teacher import check_rate, open_teacher
from vocable.train.codec.problems import untaught
from vocable.train.codec.recipe import CodecRecipe
from vocable.train.codec.taught import TaughtTask
from vocable.train.distributed import Distributed
from vocable.train.task import Problem
from vocable.units.informed import Informed
from vocable.units.layers import TokenizerLayers

FORMS: dict[str, type[Form]] = {"level": LevelForm, "branch": BranchForm, "input": InputForm}


class Lesson(NamedTuple):
    """Segments, what the teacher says of each of their frames, and of which it says something."""

    sound: Float[Tensor, "batch channels time"]
    target: Float[Tensor, "batch frames width"]
    known: Bool[Tensor, "batch frames"]


class DistilTask(TaughtTask):
    """A codec and a form of distillation."""

    taught_by = "distil"

    def __init__(self, codec: CodecModel, recipe: CodecRecipe) -> None:
        table = recipe.distil
        self.form = FORMS[table.form](codec, table.width)
        super().__init__(codec, recipe, form=self.form)

    def setup(self, data: Path, folder: Path, distributed: Distributed) -> None:
        """Decode the recordings and compute the teacher's features of them, or find both there."""
        table, spec = self.recipe.distil, self.codec.spec
        teacher = open_teacher(table, distributed.device)
        check_rate(table, teacher, Fraction(spec.rate, spec.frame))
        if isinstance(self.codec, Informed):
            _inform(self.codec, teacher, table.layer)
        super().setup(data, folder, distributed)
        recordings, cache = self.segments.recordings, folder / "train.teacher.float16"
        if distributed.is_main:
            features_of(recordings, teacher, table.layer, cache)
        distributed.wait()  # the others read what the main process has written
        self.features = features_of(recordings, teacher, table.layer, cache)

    def draw(self) -> Lesson:
        sound, places = self.segments.draw_placed()
        frame = self.codec.frame_written
        told = [
            self.features.at(self.segments.recordings, place, self.segments.segment, frame)
            for place in places
        ]
        target, known = (torch.from_numpy(np.stack(each)) for each in zip(*told, strict=True))
        return Lesson(*(each.to(self.distributed.device) for each in (sound, target, known)))

    def losses(self, batch: Lesson) -> dict[str, Tensor]:
        output = self.decoded(batch.sound)
        assert output.quantized is not None
        distil = self.form(output.quantized, batch.target, batch.known)
        return {**self.compared(batch.sound, output), "distil": distil}

    def diagnose(self, line: dict[str, Any]) -> Sequence[Problem]:
        return [*super().diagnose(line), *untaught(line, self.form.untaught)]


def _inform(codec: Informed, teacher: Any, layer: int) -> None:
    """Give a codec the teacher that it hears."""
    if not isinstance(teacher, TokenizerLayers):
        raise RecipeError(
            f'distil.form "input" hears a teacher such as units-16k while it encodes, not {teacher}'
        )
    if layer != codec.config.teacher.layers:
        raise RecipeError(
            f"distil.layer is {layer} but the codec hears layer {codec.config.teacher.layers}; set "
            f"codec.config.teacher.layers = {layer}"
        )
    try:
        codec.take_teacher(teacher.model.config, teacher.model.encoder.state_dict())
    except ModelError as error:
        raise RecipeError(str(error)) from error
