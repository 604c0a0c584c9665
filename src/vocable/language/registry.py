"""The families of language models, by name. A new one is a line here.

Of family "csm" the module `vocable.language.csm` has the network `Csm`, a `TokenModel` made of one
`CsmConfig`, that config (a frozen dataclass with `name`, `abilities` and `frame`), and
`CsmGenerator`, what a user holds (a `Generator`); `vocable.language.keys.csm` knows its checkpoints
(the contract is there). Modules are imported when they are needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from vocable import weights
from vocable.errors import ModelError
from vocable.fitting import fit
from vocable.language.abilities import Abilities
from vocable.language.generator import Generator
from vocable.language.keys import Layout, Recognised
from vocable.language.positions import make_positions
from vocable.language.transformer import Transformer
from vocable.nn.settings import plain_settings, without_memory


class Family(NamedTuple):
    """The name of its network's class, and its name as people write it."""

    network: str
    written: str


FAMILIES = {
    "csm": Family("Csm", "CSM"),
    "musicgen": Family("MusicGen", "MusicGen"),
    "moshi": Family("Moshi", "Moshi"),
    "flat": Family("Flat", "Orpheus"),
}


def families() -> list[str]:
    """Return the names of the families whose checkpoints are known."""
    return [each.written for each in FAMILIES.values()]


def layouts() -> list[Layout]:
    """Return the modules that read published checkpoints."""
    return [import_module(f"vocable.language.keys.{name}") for name in FAMILIES]


def abilities(found: Recognised) -> Abilities:
    """Return what a checkpoint's model can do; its weights are not read."""
    return cast(Abilities, _config(found).abilities)


def outline(found: Recognised) -> nn.Module:
    """Return a checkpoint's network on the meta device: shapes that take no memory."""
    config = _config(found)
    with without_memory():
        network: nn.Module = _class(found.architecture)(config)
    return network


def build(found: Recognised, tensors: dict[str, Tensor]) -> nn.Module:
    """Return a network with these tensors, in their precision; every key and shape must fit.

    It takes no memory before they are known to; then they are moved, and `tensors` is empty.
    """
    network = outline(found)
    weights.check_fits(network.state_dict(), tensors)
    weights.check_finite(tensors, "fetch it again")
    network.to(_precision(tensors))
    with plain_settings():
        for part in network.modules():
            if isinstance(part, Transformer):  # what they compute is in no checkpoint
                part.positions = make_positions(part.config)
        weights.move_tensors(network, tensors)
    return network.eval().requires_grad_(False)


def generator(found: Recognised, network: nn.Module, folder: Path, licence: str) -> Generator:
    """Return what a user holds of a network, with what lies beside its weights in a folder."""
    kind = _class(found.architecture, "Generator")
    made: Generator = kind(network, licence=licence, text=kind.text_beside(folder))
    return made


def files_beside(found: Recognised) -> tuple[str, ...]:
    """Return the names of small files that a family may have beside its weights."""
    names: tuple[str, ...] = _class(found.architecture, "Generator").files_beside
    return names


def _config(found: Recognised) -> Any:
    return fit(_class(found.architecture, "Config"), found.config, "config", ModelError, "config.")


def _class(family: str, part: str = "") -> type[Any]:
    module = import_module(f"vocable.language.{family}")
    found: type[Any] = getattr(module, FAMILIES[family].network + part)
    return found


def _precision(tensors: Mapping[str, Tensor]) -> torch.dtype:
    """Return the precision that holds all floats of a checkpoint."""
    found: torch.dtype | None = None
    for value in tensors.values():
        if value.is_floating_point():
            found = value.dtype if found is None else torch.promote_types(found, value.dtype)
    return found or torch.float32
