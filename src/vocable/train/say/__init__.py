"""The task "say": train a small text-to-speech model over the tokens of a speech codec."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from vocable.train.recipe import Recipe
from vocable.train.registry import register_task
from vocable.train.say.recipe import SayRecipe


def make_task(recipe: SayRecipe) -> Any:
    """Return the SayTask of a recipe (this loads torch)."""
    from vocable.train.say.task import SayTask

    return SayTask(recipe)


def complete(recipe: Recipe, data: Path) -> Recipe:
    """Return a recipe with what is said, which the data decides: phones, or units of a spec."""
    from vocable.train.say.packed import read_packed

    assert isinstance(recipe, SayRecipe)
    alphabet = read_packed(data).alphabet
    config = {**recipe.say.config, "symbols": alphabet.kinds}
    units = {} if alphabet.units is None else alphabet.units.to_dict()
    return replace(recipe, say=replace(recipe.say, units=units, config=config))


register_task(
    "say",
    SayRecipe,
    make_task,
    about="Train a small model that speaks, over the tokens of a speech codec.",
    data="Packed speech, as `vocable data speech` writes it.",
    complete=complete,
)
