"""Train a codec together with what teaches it, which belongs to the run and not to the codec."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from torch import nn

from vocable.codecs import Codec, CodecModel
from vocable.errors import RecipeError
from vocable.train.codec.recipe import CodecRecipe
from vocable.train.codec.task import CodecTask


class TaughtTask(CodecTask):
    """A codec and what teaches it; `model` is both, and the codec alone is exported."""

    taught_by: ClassVar[str]  # the table of the recipe

    def __init__(self, codec: CodecModel, recipe: CodecRecipe, **beside: nn.Module) -> None:
        super().__init__(codec, recipe)
        if {"encoder", "quantizer"} & set(recipe.codec.freeze):
            raise RecipeError(
                f"{self.taught_by} teaches encoder and quantizer; leave them out of codec.freeze"
            )
        self.model = nn.ModuleDict({"codec": codec, **beside})

    def evaluate(self, model: nn.Module, board: Any, step: int) -> dict[str, Any]:
        return super().evaluate(_codec_of(model), board, step)

    def end(self, model: nn.Module) -> None:
        super().end(_codec_of(model))

    def export(self, model: nn.Module, folder: Path, facts: dict[str, Any]) -> str:
        """Write the codec that `vocable.load` reads, alone; return its token space."""
        return super().export(_codec_of(model), folder, facts)

    def in_use(self, model: nn.Module) -> Codec:
        return super().in_use(_codec_of(model))


def _codec_of(model: nn.Module) -> nn.Module:
    """Return the codec of what a run has trained."""
    return model.get_submodule("codec")
