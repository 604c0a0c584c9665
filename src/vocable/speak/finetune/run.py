"""From a model and a prepared set to an adapter or a model: one call."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from vocable.errors import RecipeError
from vocable.nearest import nearest
from vocable.speak.embedding import find_embedding
from vocable.speak.finetune import FAMILIES
from vocable.speak.finetune.memory import free
from vocable.speak.finetune.planned import Plan
from vocable.speak.finetune.recipe import FinetuneRecipe
from vocable.speak.finetune.result import Finetuned
from vocable.speak.finetune.task import rows_to_learn
from vocable.speak.prepare.set import PreparedSet
from vocable.train import read_recipe, run

PRESETS = Path(__file__).parent / "presets"
_PARTS = 4  # of a run: its rate rises for one at most, and it is evaluated after each at least


def presets() -> list[str]:
    """Return the names of the presets."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def preset_of(model: str, *, full: bool = False) -> str:
    """Return the preset of a model's family; RecipeError for a model that none knows."""
    for family in FAMILIES.values():
        if _model_of(family).is_own(model):
            return f"{family}-full" if full else family
    raise RecipeError(
        f"{model} cannot be fine-tuned on a voice; known families: {', '.join(FAMILIES.values())}"
    )


def plan(
    model: str,
    prepared: str | Path,
    *,
    preset: str | None = None,
    overrides: Sequence[str] = (),
    device: str | None = None,
) -> Plan:
    """Return what fine-tuning a model on a prepared set will do; nothing is read of its weights.

    preset: one of `presets()`, or a TOML file; None: that of the model's family. overrides: as of
    `train.read_recipe`; without steps among them the run takes `rows.epochs` times its rows, and
    the preset's warm-up and evaluations are fitted to a short one.
    device: None: a GPU where there is one. RecipeError for a set without consent or rows, for
    another model than the preset's, and for more memory than the device has. MeasureError for an
    embedding that is not there.
    """
    found = PreparedSet.read(prepared)
    found.require_consent()
    recipe = _recipe(model, found, preset or preset_of(model), overrides)
    recipe.check_model()
    if recipe.held_out.speakers:
        find_embedding(recipe.held_out.speakers)
    where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    made: Plan = _model_of(FAMILIES[recipe.task]).needs(recipe, where)
    made.memory.check(free(where))
    return made


def finetune(
    model: str,
    prepared: str | Path,
    out: str | Path,
    *,
    preset: str | None = None,
    overrides: Sequence[str] = (),
    resume: bool = False,
    device: str | None = None,
    threads: int | None = None,
    progress: Callable[[dict[str, Any]], None] | None = None,
) -> Finetuned:
    """Fine-tune a model on the voice of a prepared set, and leave adapter or model in `out`.

    Options and errors as of `plan` and `train.run`.
    """
    made = plan(model, prepared, preset=preset, overrides=overrides, device=device)
    found: Finetuned = run(
        made.recipe, prepared, out, resume=resume, device=device, threads=threads, progress=progress
    )
    return found


def _model_of(family: str) -> Any:
    return import_module(f"vocable.speak.finetune.{family}.model")


def _recipe(
    model: str, found: PreparedSet, preset: str, overrides: Sequence[str]
) -> FinetuneRecipe:
    own = [f"tuning.model={_quoted(model)}", *overrides]
    recipe = read_recipe(_preset(preset), own)
    if not isinstance(recipe, FinetuneRecipe):
        raise RecipeError(f"{preset} is a recipe of {recipe.task}, which fine-tunes no voice")
    steps = recipe.schedule.steps
    if not any(each.replace(" ", "").startswith("schedule.steps=") for each in overrides):
        rows = len(rows_to_learn(found, recipe.rows))
        step = recipe.rows.batch * recipe.optimizer.accumulate
        steps = max(1, math.ceil(rows * recipe.rows.epochs / step))
    elif not steps:  # it ends by the clock
        return recipe
    counted = read_recipe(_preset(preset), [*_fitted(recipe, steps), *own])
    assert isinstance(counted, FinetuneRecipe)
    return counted


def _fitted(recipe: FinetuneRecipe, steps: int) -> list[str]:
    """Return what a run of so many steps has instead of the preset's values, which are for more.

    A run that ends while the rate still rises learns little, and one that is not evaluated on its
    way cannot keep the best weights.
    """
    quarter = math.ceil(steps / _PARTS)
    return [
        f"schedule.steps={steps}",
        f"schedule.warmup={min(recipe.schedule.warmup, quarter)}",
        f"checkpoints.evaluate_steps={min(recipe.checkpoints.evaluate_steps, quarter)}",
    ]


def _preset(name: str) -> Path:
    if name in presets():
        return PRESETS / f"{name}.toml"
    if Path(name).is_file():
        return Path(name)
    raise RecipeError(f'no preset "{name}"; {nearest(name, presets())}; or give a .toml file')


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # as TOML writes text
