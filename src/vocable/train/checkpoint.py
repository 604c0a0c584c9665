"""Save and restore a run exactly; a killed run loses at most what came after the last save.

A checkpoint is one file of tensors, numbers and text (no code: it is read with `weights_only`). It
is written under another name, flushed to disk, and renamed, so that a complete one is always there.
The one before it stays beside it, for the day when a disk or a copy has damaged the last.
"""

from __future__ import annotations

import contextlib
import errno
import os
import zipfile
from pathlib import Path
from typing import Any

import torch

from vocable.atomic import replacing
from vocable.codecs.keys.own import CONFIG, WEIGHTS
from vocable.errors import RecipeError

VERSION = 2
NAME = "checkpoint.pt"
PREVIOUS = "checkpoint.previous.pt"
_NEEDED = {
    **{"step": int, "seconds": float, "recipe": dict, "model": dict, "average": dict},
    **{"optimizer": dict, "task": dict, "others": list},
}
_WRITER = "inline_container"  # the part of torch that writes files, as its errors name it
_PLAIN = (bool, int, float, str, bytes, type(None))


def existing(folder: Path) -> str:
    """Return what a new run would overwrite in `folder`: "run", "model" or ""."""
    if (folder / NAME).exists():
        return "run"
    return "model" if any((folder / name).exists() for name in (CONFIG, WEIGHTS)) else ""


def save(folder: Path, state: dict[str, Any]) -> None:
    """Write `state` as the run's last checkpoint, and keep the one before where that cannot be.

    RecipeError for what could not be read again; OSError for a disk that is full.
    """
    _check_plain(state, "state")
    with replacing(folder / NAME, overwrite=True) as fresh:
        try:
            torch.save({"version": VERSION, **state}, fresh)
        except RuntimeError as error:
            if _WRITER not in str(error):
                raise
            full = errno.ENOSPC  # torch does not say more
            raise OSError(full, os.strerror(full), str(folder / NAME)) from error
        _keep_previous(folder)


def _keep_previous(folder: Path) -> None:
    """Give the last checkpoint, whose name the new one is about to take, a second name."""
    linked = folder / f"{PREVIOUS}.link"
    with contextlib.suppress(OSError):  # none yet, or a file system without links
        linked.unlink(missing_ok=True)
        os.link(folder / NAME, linked)
        os.replace(linked, folder / PREVIOUS)


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
    """Return what `save` was given. `path` is the file or the folder of the run.

    RecipeError for a file that is damaged or something else, with what is still good beside it.
    """
    source = path / NAME if path.is_dir() else path
    if not source.is_file():
        raise FileNotFoundError(f"no checkpoint {source}; start the run without resume")
    try:
        return _read(source)
    except _BadCheckpointError as error:
        raise RecipeError(f"{source} {error}; {_last_good(source)}") from error.__cause__


class _BadCheckpointError(Exception):
    """What is wrong with a file, to follow its name."""


def _read(source: Path) -> dict[str, Any]:
    if not zipfile.is_zipfile(source):
        raise _BadCheckpointError(f"is {_kind(source)}")
    try:
        with zipfile.ZipFile(source) as records:
            if bad := records.testzip():  # torch reads a changed byte without complaint
                raise _BadCheckpointError(f"is damaged (the record {bad} has changed)")
        state = torch.load(source, map_location="cpu", weights_only=True)
    except (FileNotFoundError, PermissionError, MemoryError):
        raise
    except Exception as error:  # torch and its unpickler raise many kinds
        if isinstance(error, _BadCheckpointError):
            raise
        reason = str(error).strip().partition("\n")[0][:80] or type(error).__name__
        raise _BadCheckpointError(f"cannot be read as a checkpoint ({reason})") from error
    _check_state(source, state)
    found: dict[str, Any] = state
    return found


def _kind(source: Path) -> str:
    """Say what a file is that torch did not write, or not to its end."""
    with open(source, "rb") as file:
        start = file.read(4)
    if not start:
        return "empty"
    if start == b"PK\x03\x04":
        return f"cut short after {source.stat().st_size} bytes"
    return "not a checkpoint of vocable"


def _check_state(source: Path, state: Any) -> None:
    """Refuse a file of torch that holds something else, or that another version wrote."""
    if not isinstance(state, dict) or "version" not in state:
        raise _BadCheckpointError("is not a checkpoint of vocable, but another file of torch")
    if state["version"] != VERSION:
        raise RecipeError(
            f"{source} has version {state['version']}, this vocable reads {VERSION}; "
            "resume with the vocable that wrote it"
        )
    lacking = [key for key, kind in _NEEDED.items() if not isinstance(state.get(key), kind)]
    if lacking:
        raise _BadCheckpointError(f'is not a checkpoint of vocable (it has no "{lacking[0]}")')


def _last_good(source: Path) -> str:
    """Say how to go on beside a checkpoint that cannot be used."""
    previous = source.with_name(PREVIOUS)
    if source.name == NAME and previous.is_file():
        with contextlib.suppress(_BadCheckpointError, RecipeError, OSError):
            step = _read(previous)["step"]
            return f"the one before it is good, of step {step}: rename {previous} to {NAME}, resume"
    return "no good one is beside it: start the run again in another folder"
