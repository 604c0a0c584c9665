"""Train what vocable makes: recipes, manifests, the loop and its checkpoints.

`run` is the whole of it; the rest is there to be used apart. Names load when they are first used,
so that scanning a folder needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Recipe": "recipe",
    "read_recipe": "recipe",
    "Clip": "manifest",
    "scan": "manifest",
    "read_manifest": "manifest",
    "run": "codec",
    "export": "export",
}
__all__ = ["Clip", "Recipe", "export", "read_manifest", "read_recipe", "run", "scan"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
