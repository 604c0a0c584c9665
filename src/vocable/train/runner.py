"""Run a recipe, whatever it trains, and export what a run has made so far."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from vocable.errors import RecipeError
from vocable.nn.settings import plain_settings
from vocable.train import checkpoint
from vocable.train.distributed import Distributed
from vocable.train.loop import Loop
from vocable.train.recipe import Recipe
from vocable.train.registry import find_task, read_recipe, recipe_from
from vocable.train.task import Task


def run(
    recipe: str | Path | Recipe,
    data: str | Path,
    out: str | Path,
    *,
    resume: bool = False,
    overrides: Sequence[str] = (),
    threads: int | None = None,
    device: str | None = None,
    progress: Callable[[dict[str, Any]], None] | None = None,
) -> Any:
    """Train a model, leave it in `out` as its task exports it, and return it (a codec: `Codec`).

    `recipe` is a bundled name, a TOML file or a Recipe; `data` is what its task trains on, for a
    codec a manifest as `scan` makes it; `out` must hold neither run nor model unless `resume`;
    `device` is by default what Accelerate finds. `progress` is called with each line of the log.
    Raises RecipeError for what cannot be run, `loop.Stopped` (a KeyboardInterrupt) after Ctrl-C,
    when all is saved, and a plain KeyboardInterrupt where nothing is trained yet, or after a second
    Ctrl-C.
    """
    recipe = recipe if isinstance(recipe, Recipe) else read_recipe(recipe, overrides)
    folder = Path(out)
    found = "" if resume else checkpoint.existing(folder)
    if found:
        again = "resume it, or " if found == "run" else ""
        raise RecipeError(f"{folder} holds a {found}; {again}give another folder")
    if threads:
        torch.set_num_threads(threads)
    recipe = _completed(recipe, Path(data))
    distributed = Distributed(device)
    with plain_settings():
        torch.manual_seed(recipe.seed)
        task = _make_task(recipe)
        torch.manual_seed(recipe.seed + 1000 * distributed.rank)
        task.setup(Path(data), folder, distributed)
        loop = Loop(task, recipe, folder, distributed=distributed, resume=resume, progress=progress)
        model = loop.run()
        if distributed.is_main:
            task.export(model, folder, _facts(recipe, loop.step, loop.seconds))
        return task.in_use(model)


def export(run: str | Path, out: str | Path | None = None) -> str:
    """Export the averaged model of a run's last checkpoint; return its name (a token space).

    `out` is the model's folder, by default the run's own. Works on a run that still goes on.
    """
    state = checkpoint.load(Path(run))
    recipe = recipe_from(state["recipe"])
    facts = _facts(recipe, state["step"], state["seconds"])
    folder = Path(out or run)
    with plain_settings():
        task = _make_task(recipe)
        task.model.load_state_dict(state["average"])
        name = task.export(task.model, folder, facts)
    for file in task.beside:
        if (Path(run) / file).is_file() and not folder.samefile(run):
            shutil.copyfile(Path(run) / file, folder / file)
    return name


def _completed(recipe: Recipe, data: Path) -> Recipe:
    """Return a recipe with what the data decides."""
    complete = find_task(recipe.task).complete
    found: Recipe = recipe if complete is None else complete(recipe, data)
    return found


def _make_task(recipe: Recipe) -> Task:
    task: Task = find_task(recipe.task).make_task(recipe)
    return task


def _facts(recipe: Recipe, steps: int, seconds: float) -> dict[str, Any]:
    return {"recipe": recipe.name, "steps": steps, "seconds": round(seconds)}
