"""The task "codec": train a new codec, or an existing one further."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vocable.train.codec.recipe import CodecRecipe
from vocable.train.registry import register_task


def make_task(recipe: CodecRecipe) -> Any:
    """Return the CodecTask of a recipe (this loads torch)."""
    from vocable.train.codec.model import build

    if recipe.distil.teacher:
        from vocable.train.codec.distil.task import DistilTask

        return DistilTask(build(recipe), recipe)
    if recipe.factors.content:
        from vocable.train.codec.factors.task import FactorTask

        return FactorTask(build(recipe), recipe)
    from vocable.train.codec.task import CodecTask

    return CodecTask(build(recipe), recipe)


def complete(recipe: CodecRecipe, data: Path) -> CodecRecipe:
    """Return a recipe with what its teacher decides, or what the data says of its factors."""
    if recipe.distil.teacher:
        from vocable.train.codec.distil.teacher import complete as completed

        return completed(recipe, data)
    if recipe.factors.content:
        from vocable.train.codec.factors.told import complete as completed

        return completed(recipe, data)
    return recipe


register_task(
    "codec",
    CodecRecipe,
    make_task,
    about="Train or fine-tune a codec. FOLDER then opens with --codec FOLDER.",
    data="The recordings: the manifest that `vocable data scan` writes.",
    complete=complete,
)
