"""Read what torch.save wrote, and run nothing of it.

torch's restricted reader makes tensors and plain values, and refuses everything else by name. Of
the objects that hold settings the values are kept, without their classes (inert.py).
"""

from __future__ import annotations

import contextlib
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor
from torch.serialization import safe_globals

from vocable.codecs.keys.inert import Inert, inert_class, plain
from vocable.errors import ModelError

_WRAPPERS = (
    "state_dict",
    "best_state",
    "model",
    "model_state_dict",
    "weights",
    "generator",
)  # around the tensors
# networks of one model, side by side: BigCodec's, and TiCodec's
PARTS = (("CodecEnc", "generator"), ("encoder", "quantizer", "generator"))
_MOST, _DEEPEST = 100_000, 32  # plain values that a file may state, and their nesting
_MOST_CLASSES = 64  # of settings, in one file
_SHARED = 4  # times that the bytes of a file may count: tensors may share some
_REFUSED = re.compile(r"GLOBAL\s+([\w.]+)")


def read_pickled(
    path: Path, part: IO[bytes] | None = None
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors of a file of torch.save by their keys, and what else it states.

    part: where such a file lies in that at `path`, if it is a part of it.

    Tensors are looked for inside "state_dict", "model" and other such names; of networks side by
    side each key begins with its network's name. What is stated are the plain values around and
    among them. ModelError for a file that is damaged, that needs code to be
    read, or that holds no tensors by names.
    """
    held = _load(path, part)
    stated: dict[str, Any] = {}
    plain = _Plain(path)
    while isinstance(held, Mapping):
        if parts := _side_by_side(held):
            held = {f"{part}.{key}": v for part in parts for key, v in held[part].items()}
            break
        wrapper = next((key for key in _WRAPPERS if isinstance(held.get(key), Mapping)), None)
        if wrapper is None:
            break
        stated |= plain.of({key: value for key, value in held.items() if key != wrapper})
        held = held[wrapper]
    tensors = _tensors(path, held)
    return tensors, stated | plain.of({k: v for k, v in held.items() if k not in tensors})


def _side_by_side(held: Mapping[Any, Any]) -> list[str]:
    """Return the networks that lie beside one another: two or more of those that belong together.

    What one of them lacks is for the family to say.
    """
    found = ([p for p in parts if isinstance(held.get(p), Mapping)] for parts in PARTS)
    return next((parts for parts in found if len(parts) > 1), [])


def _load(path: Path, part: IO[bytes] | None) -> Any:
    source = path if part is None else part
    _check_stored(path, source)
    inert: dict[str, type[Inert]] = {}
    while True:
        try:
            with warnings.catch_warnings(), safe_globals([*inert.values()]):
                warnings.simplefilter("ignore")  # of protocols that it does not know well
                return _load_tensors(source)
        except OSError:
            raise
        except Exception as error:  # a damaged file raises whatever its bytes lead to
            refused = _REFUSED.search(str(error))
            name = refused[1] if refused else ""
            found = inert_class(name) if name not in inert else None
            if found is None or len(inert) == _MOST_CLASSES:
                raise ModelError(_why(path, error)) from error
            inert[name] = found


def _load_tensors(source: Path | IO[bytes]) -> Any:
    if not isinstance(source, Path):
        source.seek(0)
        return torch.load(source, map_location="cpu", weights_only=True)
    try:
        return torch.load(source, map_location="cpu", weights_only=True, mmap=True)
    except RuntimeError:  # a file of before 2020 can not be mapped
        return torch.load(source, map_location="cpu", weights_only=True)


def _check_stored(path: Path, source: Path | IO[bytes]) -> None:
    """Refuse a compressed zip: torch writes none, and a few bytes of one may become gigabytes."""
    kinds: set[int] = set()
    with (
        contextlib.suppress(zipfile.BadZipFile, NotImplementedError, ValueError),
        zipfile.ZipFile(source) as archive,
    ):
        kinds = {part.compress_type for part in archive.infolist()}
    if kinds - {zipfile.ZIP_STORED}:
        raise ModelError(f"{path} is a compressed zip, which torch.save does not write")


def _why(path: Path, error: Exception) -> str:
    if refused := _REFUSED.search(str(error)):
        return (
            f"{path} asks for {refused[1]} to be run, which vocable never does; take a safetensors "
            "file of it, or a state dict of tensors only"
        )
    reason = _reason(error)
    return f"{path} is damaged, or not written by torch.save ({reason}); fetch it again"


def _reason(error: Exception) -> str:
    """Return the sentence of torch's that says what is wrong; it begins with general advice."""
    text = str(error).partition("WeightsUnpickler error:")[2] or str(error)
    return (
        " ".join(text.split()).split(". ")[0].split(" Check the")[0][:120] or type(error).__name__
    )


def _tensors(path: Path, held: Any) -> dict[str, Tensor]:
    if isinstance(held, Mapping):
        found = {key: value for key, value in held.items() if isinstance(value, Tensor)}
        if found and all(isinstance(key, str) for key in found):
            _check_held(path, found)
            return found
        inside = f" of {', '.join(map(repr, list(held)[:5]))}" if held else ""
        raise ModelError(f"{path} holds no tensors by name, but a dict{inside}")
    raise ModelError(f"{path} holds no tensors by name, but {type(held).__name__}")


def _check_held(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Refuse tensors far larger than their file: one value may stand for any number of them."""
    stated = sum(value.numel() * value.element_size() for value in tensors.values())
    if stated > _SHARED * path.stat().st_size:
        raise ModelError(
            f"{path} has {path.stat().st_size} bytes, but its tensors state {stated}; take a file "
            "that holds them"
        )


class _Plain:
    """Copies what a file states without its tensors, so much and no more.

    A pickle may hold one list ten times in another, and that ten times in a third, and so on.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._left = path, _MOST

    def of(self, value: Any, depth: int = 0) -> Any:
        """Return a value without the tensors in it; ModelError where there is no end of it."""
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise ModelError(
                f"{self._path} states more than {_MOST} values beside its tensors, or {_DEEPEST} "
                "inside one another; take a file of its tensors only"
            )
        value = plain(value)
        if isinstance(value, Mapping):
            kept = {k: v for k, v in value.items() if not isinstance(v, Tensor)}
            return {str(key): self.of(item, depth + 1) for key, item in kept.items()}
        if isinstance(value, list | tuple):
            return [self.of(item, depth + 1) for item in value if not isinstance(item, Tensor)]
        return value
