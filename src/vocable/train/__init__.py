"""Train what vocable makes: recipes, tasks, the loop and its checkpoints.

`run` does all of it; the other names are its parts. Names load when they are first used,
so that scanning a folder and reading a recipe need no torch. The tasks that come with vocable are
registered here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from vocable.train import codec as _codec  # noqa: F401 - it registers itself
from vocable.train import language as _language  # noqa: F401
from vocable.train import say as _say  # noqa: F401
from vocable.train import separation as _separation  # noqa: F401
from vocable.train import units as _units  # noqa: F401
from vocable.train import vocoder as _vocoder  # noqa: F401

_HOMES = {
    "Clip": "data.manifest",
    "Distributed": "distributed",
    "Problem": "task",
    "Recipe": "recipe",
    "Task": "task",
    "export": "runner",
    "read_manifest": "data.manifest",
    "read_recipe": "registry",
    "register_task": "registry",
    "run": "runner",
    "scan": "data.manifest",
}
__all__ = [
    "Clip",
    "Distributed",
    "Problem",
    "Recipe",
    "Task",
    "export",
    "read_manifest",
    "read_recipe",
    "register_task",
    "run",
    "scan",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
