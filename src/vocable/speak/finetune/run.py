"""From a model and a prepared set to an adapter or a model: one call."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from vocable.codecs.keys.description import Description
from vocable.errors import RecipeError
from vocable.load.finding import locate
from vocable.load.say import says
from vocable.nearest import nearest
from vocable.speak.finetune import FAMILIES
from vocable.speak.finetune.memory import free
from vocable.speak.finetune.planned import Plan
from vocable.speak.finetune.recipe import FinetuneRecipe
from vocable.speak.finetune.result import Finetuned
from vocable.speak.finetune.task import rows_to_learn
from vocable.speak.prepare.set import PreparedSet
from vocable.train import read_recipe, run

_PRESETS = Path(__file__).parent / "presets"


def presets() -> list[str]:
    """Return the names of the presets."""
    return sorted(path.stem for path in _PRESETS.glob("*.toml"))


def plan(
    model: str,
    prepared: str | Path,
    *,
    preset: str | None = None,
    full: bool = False,
    overrides: Sequence[str] = (),
    device: str | None = None,
) -> Plan:
    """Return what fine-tuning a model on a prepared set will do; nothing is read of its weights.

    preset: one of `presets()`, or a TOML file; None: the usual one of the model, `full` for every
    weight in place of adapters. overrides: as of `train.read_recipe`. Without steps
    among them the run takes `rows.epochs` times its rows. RecipeError for a set without consent or
    rows, for another model than the preset's, and for more memory than the device has.
    """
    found = PreparedSet.read(prepared)
    found.require_consent()
    recipe = _recipe(model, found, preset or usual_preset(model, full=full), overrides)
    recipe.check_model()
    where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    needs = import_module(f"vocable.speak.finetune.{FAMILIES[recipe.task]}.model").needs
    made: Plan = needs(recipe, where)
    made.memory.check(free(where))
    return made


def finetune(
    model: str,
    prepared: str | Path,
    out: str | Path,
    *,
    preset: str | None = None,
    full: bool = False,
    overrides: Sequence[str] = (),
    resume: bool = False,
    device: str | None = None,
    threads: int | None = None,
    progress: Callable[[dict[str, Any]], None] | None = None,
) -> Finetuned:
    """Fine-tune a model on the voice of a prepared set, and leave adapter or model in `out`.

    Options and errors as of `plan` and `train.run`.
    """
    made = plan(model, prepared, preset=preset, full=full, overrides=overrides, device=device)
    found: Finetuned = run(
        made.recipe, prepared, out, resume=resume, device=device, threads=threads, progress=progress
    )
    return found


def usual_preset(model: str, *, full: bool) -> str:
    """Return the preset that is meant for a model."""
    where = locate(model)
    family = "say" if isinstance(where, Description) and says(where) else "csm"
    return f"{family}-full" if full else family


def _recipe(
    model: str, found: PreparedSet, preset: str, overrides: Sequence[str]
) -> FinetuneRecipe:
    own = [f"tuning.model={_quoted(model)}", *overrides]
    recipe = read_recipe(_preset(preset), own)
    if not isinstance(recipe, FinetuneRecipe):
        raise RecipeError(f"{preset} is a recipe of {recipe.task}, which fine-tunes no voice")
    if any(each.replace(" ", "").startswith("schedule.steps=") for each in overrides):
        return recipe
    rows = len(rows_to_learn(found, recipe.rows))
    step = recipe.rows.batch * recipe.optimizer.accumulate
    steps = max(1, math.ceil(rows * recipe.rows.epochs / step))
    counted = read_recipe(_preset(preset), [*own, f"schedule.steps={steps}"])
    assert isinstance(counted, FinetuneRecipe)
    return counted


def _preset(name: str) -> Path:
    if name in presets():
        return _PRESETS / f"{name}.toml"
    if Path(name).is_file():
        return Path(name)
    raise RecipeError(f'no preset "{name}"; {nearest(name, presets())}; or give a .toml file')


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # as TOML writes text
