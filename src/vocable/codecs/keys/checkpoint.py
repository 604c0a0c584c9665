"""Somebody else's checkpoint, as a layout of keys sees it: its config, its keys, then its tensors.

A layout of a published family is a module with

    recognise(checkpoint) -> Recognised | None      by keys, shapes and config; never by file names
    read(checkpoint, recognised) -> tensors         by the keys of our architecture

What a model needs of others is `checkpoint.part(name)`, in a folder beside it (`PARTS`).

The architecture's untrained model is made of `recognised.config`, and every one of its keys and
shapes must then be met. A module that is called as its architecture, or is named for it, with

    FORMS: {layout: Form}                           the steps of `read`, and the files (form.py)

has its checkpoints written as well, in each layout whose form says the files.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from vocable.codecs.keys.config import read_config
from vocable.codecs.keys.kind import ENDINGS, Kind, kind_of
from vocable.codecs.keys.stored import files_of, header_of, other_half, tensors_of
from vocable.errors import ModelError
from vocable.nearest import listed

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from torch import Tensor

# Where a folder holds more than one checkpoint, these are the ones that are meant.
USUAL = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
# What a model needs and others published lies in folders of these names beside it.
PARTS = ("wavlm", "vocos")
YAML = "config.yaml"
_ORDER: tuple[Kind, ...] = ("index", "safetensors", "torch", "nemo")
_log = logging.getLogger("vocable")


@dataclass(frozen=True)
class Checkpoint:
    """A file of weights, read without running anything in it.

    path: the file, or the index of several. config: what a config.json beside it says; empty where
    there is none. stated: what the file itself says beside its tensors: all plain values of what
    torch.save was given (the arguments of DAC's class, say, in `stated["metadata"]["kwargs"]`), and
    the config in an archive of NeMo's, as `stated["model_config"]`.
    """

    path: Path
    shapes: Mapping[str, tuple[int, ...]]
    config: Mapping[str, Any] = field(default_factory=dict)
    stated: Mapping[str, Any] = field(default_factory=dict)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the tensors lie in."""
        return files_of(self.path)

    def tensors(self, below: str = "") -> dict[str, Tensor]:
        """Return the tensors by their own keys, on the CPU; floats of any kind as fp32.

        below: what the keys begin with of those that are wanted.
        Half precision, bf16 and fp16, becomes fp32 exactly; double precision is rounded, which is
        logged.
        """
        import torch

        tensors = tensors_of(self.path, below)
        if any(value.dtype == torch.float64 for value in tensors.values()):
            _log.warning("%s holds double precision, which is rounded to fp32", self.path)
        return {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}

    def part(self, name: str) -> Checkpoint | None:
        """Return what lies in the folder of this name, one of `PARTS`; None without one."""
        folder = self.path.parent / name
        return open_checkpoint(folder) if holds_checkpoint(folder) else None


@dataclass(frozen=True)
class Recognised:
    """What a checkpoint turned out to be.

    name: of the published model whose sizes it has, else the family's. layout: whose keys it has,
    "transformers" or the original package's name. config: values of the architecture's dataclass.
    """

    name: str
    layout: str
    architecture: str
    config: Mapping[str, Any]


def published_name(
    makers: Iterable[Callable[[], DataclassInstance]], config: Mapping[str, Any], otherwise: str
) -> str:
    """Return which of the published sizes a config has, by the function that makes them.

    config: values of the architecture's dataclass, all or those that say which one it is.
    """
    named = (make.__name__ for make in makers if asdict(make()) == asdict(make()) | dict(config))
    return next(named, otherwise)


@runtime_checkable
class Layout(Protocol):
    """What a module that knows a family's checkpoints offers."""

    def recognise(self, checkpoint: Checkpoint) -> Recognised | None: ...

    def read(self, checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]: ...


def open_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint in a folder or file: what it states, its keys and shapes, no tensors.

    Raises ModelError for what holds no weights, and for what is damaged.
    """
    file = weights_in(path)
    header = header_of(file)
    return Checkpoint(file, header.shapes, read_config(file.parent), header.stated)


def holds_checkpoint(path: Path) -> bool:
    """Return whether a path is a checkpoint, or a folder with one."""
    if path.is_dir():
        return any(_kinds(path).values())
    return path.is_file() and kind_of(path) is not None


def weights_in(path: Path) -> Path:
    """Return the file of weights, or the index of them, that a path means.

    Of a folder that is an index before a file, safetensors before what torch.save writes, and the
    usual name before others; of two halves the decoder, whose other half is read with it.
    """
    if not path.is_dir():
        return path
    kinds = _kinds(path)
    for kind in _ORDER:
        found = sorted(file for file, its in kinds.items() if its == kind)
        found = [file for file in found if not _has_decoder(file, found)]
        usual = [file for file in found if file.name in USUAL]
        if len(found) == 1 or usual:
            return (usual or found)[0]
        if found:
            names = listed(file.name for file in found)
            raise ModelError(f"{path} holds {len(found)} checkpoints ({names}); name one of them")
    raise ModelError(f"{path} holds no weights; give a folder or a file with some")


def _kinds(folder: Path) -> dict[Path, Kind | None]:
    """Return the files of a folder by what they are; broken ones count where nothing else does."""
    kinds: dict[Path, Kind | None] = {}
    broken = None
    for file in sorted(folder.iterdir()):
        if not file.is_file() or file.name.startswith("."):
            continue
        try:
            kinds[file] = kind_of(file)
        except ModelError as error:
            broken = error if _looks_like_weights(file) else broken
    if broken is not None and not any(kinds.values()):
        raise broken
    return kinds


def _has_decoder(file: Path, found: list[Path]) -> bool:
    """Say whether a file is the encoder of two halves that are both among these."""
    other = other_half(file.name)
    return other is not None and file.name > other and file.with_name(other) in found


def _looks_like_weights(file: Path) -> bool:
    return file.suffix in ENDINGS
