"""The task "units": train an encoder of semantic tokens from clusters or stated phones."""

from __future__ import annotations

from typing import Any

from vocable.train.checks import check
from vocable.train.registry import Shortcut, register_task
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
    network = UnitsNetwork(units, recipe.units.deeper, classes)
    check(
        recipe.again.layer <= network.layers or not recipe.again.after,
        f"again.layer is {recipe.again.layer}; wanted 1 to {network.layers}, the blocks of the "
        "config and those of units.deeper",
    )
    return UnitsTask(network, recipe)


register_task(
    "units",
    UnitsRecipe,
    make_task,
    about="Train an encoder of semantic tokens. FOLDER then opens with --codec FOLDER.",
    data="The recordings: the manifest that `vocable data scan` writes.",
    shortcuts=[
        Shortcut(
            "--teacher",
            "targets.teacher",
            "What tells the classes of frames (targets.teacher): phones of the manifest, or "
            "clusters of mfcc, log-mel, or an encoder's layer, by its name, folder or file.",
        )
    ],
)
