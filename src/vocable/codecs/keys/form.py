"""A layout as it is written: the steps to our tensors and back, and the files that hold theirs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from vocable.codecs.keys.nemo import write_nemo
from vocable.codecs.keys.steps import Step
from vocable.errors import ModelError

Tensors = Mapping[str, Tensor]
Config = Mapping[str, Any]  # of our architecture
Files = Callable[[Tensors, Config], Mapping[str, Any]]


@dataclass(frozen=True)
class Form:
    """A layout of a family. steps: of a model of this config. files: what each file is to hold.

    whole: False for a layout of a part of the model, which is loaded beside the rest.

    By the ending of its name a file holds tensors (.safetensors), a table (.json), text (.yaml), an
    archive's config and tensors (.nemo), or what torch.save writes. Without `files` the layout is
    read only.
    """

    steps: Callable[[Config], Sequence[Step]]
    files: Files | None = None
    whole: bool = True


def hub_files(config_of: Callable[[Config], Mapping[str, Any]]) -> Files:
    """Return the files of transformers: its tensors, and this config.json."""
    return lambda tensors, config: {
        "model.safetensors": tensors,
        "config.json": dict(config_of(config)),
    }


def parted(tensors: Tensors) -> dict[str, dict[str, Tensor]]:
    """Return the networks side by side, each named by what its keys began with."""
    networks: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        network, _, name = key.partition(".")
        networks.setdefault(network, {})[name] = value
    return networks


def write_file(path: Path, held: Any) -> None:
    """Write one file of a layout, in its folder, which is made if it is not there."""
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".safetensors":
        flat = {key: value.contiguous() for key, value in held.items()}
        path.write_bytes(save(flat, {"format": "pt"}))  # which transformers asks for
    elif path.suffix == ".json":
        path.write_text(json.dumps(held, indent=2) + "\n", encoding="utf-8")
    elif path.suffix == ".yaml":
        path.write_text(held, encoding="utf-8")
    elif path.suffix == ".nemo":
        write_nemo(path, *held)
    else:
        torch.save(held, path)


def all_equal(values: Sequence[Any], what: str) -> Any:
    """Return what all values are; ModelError for several where a layout says one."""
    if len(set(values)) != 1:
        raise ModelError(f"its {what} are {list(values)}, of which that layout can say one only")
    return values[0]
