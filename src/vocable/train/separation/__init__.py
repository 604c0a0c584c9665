"""The task "separation": train a network that parts speakers, on mixtures made on the fly."""

from __future__ import annotations

from typing import Any

from vocable.train.registry import register_task
from vocable.train.separation.recipe import SeparationRecipe


def make_task(recipe: SeparationRecipe) -> Any:
    """Return the SeparationTask of a recipe (this loads torch)."""
    from vocable.train.separation.task import SeparationTask

    return SeparationTask(recipe)


register_task(
    "separation",
    SeparationRecipe,
    make_task,
    about="Train a network that parts the speakers of a recording.",
    data="Recordings of single speakers: a manifest whose rows name them.",
)
