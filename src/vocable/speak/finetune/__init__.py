"""Fine-tune a model that speaks on the recordings of one voice: adapters, or all of it.

    recipe      what a run says                 trained     what learns: counts and gradients
    epochs      the order of its rows           stopping    the best weights, and when to end
    planned     what a run will do              memory      what it takes, before it starts
    spoken      held-out texts, spoken          likeness    how like the voice that is
    task        one class for all models        verdicts    what held-out speech says of it
    run         from a model and a set to a folder, and its result
    pretrained, kept        what language models share: found, planned, written; codes of rows
    csm/, orpheus/, say/    the tasks of families; say/ is that of models that say texts

A model of another family is a folder beside csm/: a recipe that derives from `FinetuneRecipe`, a
`FinetuneTask`, a module `model` whose `is_own(name)` knows its models and whose `needs(recipe,
device)` returns a `Plan`, and presets NAME.toml and NAME-full.toml; here a line of `FAMILIES`, and
one that registers the task.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from vocable.speak.finetune.csm.recipe import CsmRecipe
from vocable.speak.finetune.orpheus.recipe import OrpheusRecipe
from vocable.speak.finetune.say.recipe import SayTuneRecipe
from vocable.train.registry import register_task

_HOMES = {"Finetuned": "result", "finetune": "run", "plan": "run"}
__all__ = ["Finetuned", "finetune", "plan"]
# folders by the names of tasks
FAMILIES = {"finetune-csm": "csm", "finetune-say": "say", "finetune-orpheus": "orpheus"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def _make_csm_task(recipe: CsmRecipe) -> Any:
    from vocable.speak.finetune.csm.task import CsmTask

    return CsmTask(recipe)


def _make_say_task(recipe: SayTuneRecipe) -> Any:
    from vocable.speak.finetune.say.task import SayTask

    return SayTask(recipe)


def _make_orpheus_task(recipe: OrpheusRecipe) -> Any:
    from vocable.speak.finetune.orpheus.task import OrpheusTask

    return OrpheusTask(recipe)


# none is a command of `vocable train`, as `vocable speak finetune` runs all
register_task("finetune-csm", CsmRecipe, _make_csm_task, is_command=False)
register_task("finetune-say", SayTuneRecipe, _make_say_task, is_command=False)
register_task("finetune-orpheus", OrpheusRecipe, _make_orpheus_task, is_command=False)
