"""The task "language": train a model of tokens on a set of tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vocable.train.language import families as _families  # noqa: F401 - they register themselves
from vocable.train.language.recipe import LanguageRecipe
from vocable.train.recipe import Recipe
from vocable.train.registry import register_task


def make_task(recipe: LanguageRecipe) -> Any:
    """Return the LanguageTask of a recipe (this loads torch)."""
    from vocable.train.language.task import LanguageTask

    return LanguageTask(recipe)


def complete(recipe: Recipe, data: Path) -> Recipe:
    """Return a recipe with the tracks of its data, which decide what the model is made of."""
    from vocable.train.language.tracks import with_tracks

    assert isinstance(recipe, LanguageRecipe)
    return with_tracks(recipe, data)


register_task(
    "language",
    LanguageRecipe,
    make_task,
    about="Train a model of tokens: one that continues recordings, or foretells them to be coded.",
    data="A set of tokens, as `vocable data tokens` writes it.",
    complete=complete,
)
