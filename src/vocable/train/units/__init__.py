"""The task "units": train an encoder of semantic tokens by HuBERT's recipe, or by stated phones."""

from __future__ import annotations

from typing import Any

from vocable.train.registry import register_task
from vocable.train.units.recipe import UnitsRecipe


def make_task(recipe: UnitsRecipe) -> Any:
    """Return the UnitsTask of a recipe (this loads torch)."""
    from vocable.codecs import build
    from vocable.train.units.network import UnitsNetwork
    from vocable.train.units.task import UnitsTask

    units: Any = build("streaming-units", recipe.units.config)
    classes = [recipe.targets.classes]
    if recipe.again.after:
        classes.append(recipe.again.classes)
    return UnitsTask(UnitsNetwork(units, recipe.units.deeper, classes), recipe)


register_task(
    "units",
    UnitsRecipe,
    make_task,
    about="Train an encoder of semantic tokens. FOLDER then opens with --codec FOLDER.",
    data="The recordings: the manifest that `vocable data scan` writes.",
)
