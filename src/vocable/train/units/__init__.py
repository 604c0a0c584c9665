"""The task "units": train an encoder of semantic tokens by masked or contrastive prediction."""

from __future__ import annotations

from typing import Any

from vocable.train.registry import Shortcut, register_task
from vocable.train.units.recipe import UnitsRecipe


def make_task(recipe: UnitsRecipe) -> Any:
    """Return the UnitsTask of a recipe (this loads torch)."""
    from vocable.codecs import build
    from vocable.train.units.contrastive import ContrastivePrediction
    from vocable.train.units.masked import MaskedPrediction
    from vocable.train.units.network import UnitsNetwork
    from vocable.train.units.task import UnitsTask

    objectives: dict[str, Any] = {
        "masked": MaskedPrediction,
        "contrastive": ContrastivePrediction,
    }
    objective = objectives[recipe.objective](recipe)
    units: Any = build("streaming-units", recipe.units.config)
    network = UnitsNetwork(units, recipe.units.deeper)
    network.parts = objective.parts(units, network.layers)
    return UnitsTask(network, objective, recipe)


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
