"""Somebody else's checkpoint, as a layout of keys sees it: its config, its keys, then its tensors.

A layout of a published family is a module with

    recognise(checkpoint) -> Recognised | None      by keys, shapes and config; never by file names
    read(checkpoint, recognised) -> tensors         by the keys of our architecture

The architecture's untrained model is made of `recognised.config`, and every one of its keys and
shapes must then be met.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Checkpoint:
    """A file of weights, read without running anything in it.

    config: what a config.json beside it says; empty where there is none. stated: what the file
    itself says beside its tensors (the arguments of DAC's class, say).
    """

    path: Path
    shapes: Mapping[str, tuple[int, ...]]
    config: Mapping[str, Any] = field(default_factory=dict)
    stated: Mapping[str, Any] = field(default_factory=dict)

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors as stored, by their own keys, on the CPU."""
        from vocable import weights

        return weights.read(self.path)


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
