"""The task "codec": train a new codec, or an existing one further."""

from __future__ import annotations

from typing import Any

from vocable.train.codec.recipe import CodecRecipe
from vocable.train.registry import register_task


def make_task(recipe: CodecRecipe) -> Any:
    """Return the CodecTask of a recipe (this loads torch)."""
    from vocable.train.codec.model import build
    from vocable.train.codec.task import CodecTask

    return CodecTask(build(recipe), recipe)


register_task(
    "codec",
    CodecRecipe,
    make_task,
    about="Train or fine-tune a codec. FOLDER then opens with --codec FOLDER.",
    data="The recordings: the manifest that `vocable data scan` writes.",
)
