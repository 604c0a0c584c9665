"""The tasks by name, and the recipes that say which task they are for.

    register_task("language", LanguageRecipe, LanguageTask)

is all that `run`, `export` and `vocable train language` need for a new task. A recipe names its
task by `task = "language"`; without that key it is for "codec".
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vocable.errors import RecipeError
from vocable.fitting import fit
from vocable.nearest import nearest
from vocable.train.recipe import Recipe


@dataclass(frozen=True)
class Shortcut:
    """An option of the task's command that stands for `--set key=…`."""

    option: str  # "--teacher"
    key: str  # "targets.teacher"
    help: str


@dataclass(frozen=True)
class RegisteredTask:
    """The class of a task's recipes, and what makes a `Task` of such a recipe."""

    recipe_class: type[Recipe]
    make_task: Callable[[Any], Any]  # a Task, which is not named here since it loads torch
    about: str  # what is trained, for --help
    data: str  # what --data is, for --help
    shortcuts: Sequence[Shortcut] = ()
    is_command: bool = True  # of `vocable train`
    complete: Callable[[Any, Path], Any] | None = None  # a recipe with what the data decides


TASKS: dict[str, RegisteredTask] = {}
_FOLDER = Path(__file__).parent / "recipes"


def register_task(
    name: str,
    recipe_class: type[Recipe],
    make_task: Callable[[Any], Any],
    *,
    about: str = "Train a model.",
    data: str = "What to train on.",
    shortcuts: Sequence[Shortcut] = (),
    is_command: bool = True,
    complete: Callable[[Any, Path], Any] | None = None,
) -> None:
    """Make a task known by `name`.

    `make_task` takes a recipe of `recipe_class` and returns a Task; import torch inside it, so that
    reading a recipe does not. `about` and `data` are what `vocable train NAME --help` says, and
    `shortcuts` are options that it has beside `--set`; unless there is no such command, since the
    task has a door of its own (`is_command`). `complete` takes a recipe and the path of the
    data, before `make_task`, and returns the recipe with what the data decides of the model.
    """
    TASKS[name] = RegisteredTask(
        recipe_class, make_task, about, data, shortcuts, is_command, complete
    )


def find_task(name: str) -> RegisteredTask:
    """Return the task of that name; RecipeError names the nearest for one that is not known."""
    if name not in TASKS:
        raise RecipeError(
            f'no task named "{name}"; {nearest(name, TASKS)} (a task of your own: register_task it '
            "first; vocable --import MODULE does so for the commands)"
        )
    return TASKS[name]


def read_recipe(source: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Return the recipe in a TOML file, or the bundled one of that name, with overrides put in.

    `overrides` are strings "a.b=c" where c is a TOML value (or plain text). RecipeError names an
    unknown key and the nearest known one; FileNotFoundError lists the bundled recipes. A recipe
    that says `base = "another"` has all the values of that one but those that it gives itself.
    """
    path = _find(source)
    table = {"name": path.stem, **_read(path)}
    for text in overrides:
        _override(table, text)
    return recipe_from(table)


def recipe_from(table: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a table of plain values describes, checked."""
    task = find_task(str(table.get("task", "codec")))
    return fit(task.recipe_class, table, "recipe", RecipeError)


def bundled() -> list[str]:
    """Return the names of the recipes in the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def _read(path: Path, above: Sequence[Path] = ()) -> dict[str, Any]:
    """Return the table of a file, put over that of its base."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} is not TOML ({error}); correct it there") from error
    name = table.pop("base", None)
    if name is None:
        return table
    if not isinstance(name, str):
        raise RecipeError(f"{path}: base is {name!r}; wanted the name of a recipe")
    base = _find(name, path.parent)
    if base.resolve() in (above := [*above, path.resolve()]):
        raise RecipeError(f"{path} is in the end its own base; take another base")
    below = _read(base, above)
    below.pop("name", None)
    return _over(below, table)


def _over(below: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """Return one table over another; tables in them lie over each other too."""
    found = {**below, **table}
    for key in below.keys() & table.keys():
        pair = below[key], table[key]
        if all(isinstance(value, dict) for value in pair):
            found[key] = _over(*pair)
    return found


def _find(source: str | Path, folder: Path = Path()) -> Path:
    """Return the path of a bundled recipe, or of a file, as seen from `folder`."""
    path = folder / source
    if str(source) in bundled():
        return _FOLDER / f"{source}.toml"
    if path.is_file():
        return path
    raise FileNotFoundError(
        f'no recipe "{source}"; bundled: {", ".join(bundled())}; or give a .toml file'
    )


def _override(table: dict[str, Any], text: str) -> None:
    key, sign, value = text.partition("=")
    *parents, last = key.strip().split(".")
    if not sign or not last:
        raise RecipeError(f'an override reads "a.b=c"; got "{text}"')
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise RecipeError(f"{key} cannot be set: {parent} is a value, not a table")
    try:
        table[last] = tomllib.loads(f"x = {value}")["x"]
    except tomllib.TOMLDecodeError:
        table[last] = value.strip()
