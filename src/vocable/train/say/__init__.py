"""The task "say": train a small text-to-speech model over the tokens of a speech codec."""

from __future__ import annotations

from typing import Any

from vocable.train.registry import register_task
from vocable.train.say.recipe import SayRecipe


def make_task(recipe: SayRecipe) -> Any:
    """Return the SayTask of a recipe (this loads torch)."""
    from vocable.train.say.task import SayTask

    return SayTask(recipe)


register_task(
    "say",
    SayRecipe,
    make_task,
    about="Train a small model that speaks, over the tokens of a speech codec.",
    data="Packed speech, as `vocable data speech` writes it.",
)
