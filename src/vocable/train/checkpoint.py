"""Save and restore a run exactly; a killed run loses at most what came after the last save.

A checkpoint is one file of tensors, numbers and text (no code: it is read with `weights_only`). It
is written under another name, flushed to disk, and renamed, so that a complete one is always there.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch

from vocable.atomic import replacing
from vocable.codecs.keys.own import CONFIG, WEIGHTS
from vocable.errors import RecipeError

VERSION = 2
NAME = "checkpoint.pt"
_PLAIN = (bool, int, float, str, bytes, type(None))


def existing(folder: Path) -> str:
    """Return what a new run would overwrite in `folder`: "run", "model" or ""."""
    if (folder / NAME).exists():
        return "run"
    return "model" if any((folder / name).exists() for name in (CONFIG, WEIGHTS)) else ""


def save(folder: Path, state: dict[str, Any]) -> None:
    """Write `state` as the run's last checkpoint; RecipeError for what could not be read again."""
    _check_plain(state, "state")
    with replacing(folder / NAME, overwrite=True) as fresh:
        torch.save({"version": VERSION, **state}, fresh)


def _check_plain(value: Any, path: str) -> None:
    """Refuse what is neither tensor, number, text, nor a collection of these."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_plain(item, f"{path}[{key!r}]")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check_plain(item, f"{path}[{index}]")
    elif type(value) not in _PLAIN and not isinstance(value, torch.Tensor):
        raise RecipeError(
            f"a checkpoint holds numbers, text and tensors, but {path} is {type(value).__name__}; "
            "let the task's state() give a plain value"
        )


def load(path: Path) -> dict[str, Any]:
    """Return what `save` was given. `path` is the file or the folder of the run."""
    source = path / NAME if path.is_dir() else path
    if not source.is_file():
        raise FileNotFoundError(f"no checkpoint {source}; start the run without resume")
    try:
        state: dict[str, Any] = torch.load(source, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, KeyError) as error:
        raise RecipeError(f"{source} is not a checkpoint of vocable: {str(error)[:80]}") from error
    if state.get("version") != VERSION:
        raise RecipeError(
            f"{source} has version {state.get('version')}, this vocable reads {VERSION}; "
            "resume with the vocable that wrote it"
        )
    return state
