"""Our own layout: a folder with `config.json`, `model.safetensors` and `CARD.md`.

Keys are those of the model's `state_dict`. Recognising a folder loads no torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocable.codecs.keys.description import Description
from vocable.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 1  # of config.json
CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "CARD.md"
FILES = (CONFIG, WEIGHTS)
_NEEDED = {"name": str, "version": str, "architecture": str, "config": dict, "space": str}


def recognise(path: Path) -> Description | None:
    """Return what a folder (or its weights' file) says of itself, or None if it is another layout.

    A `config.json` without "format" is somebody else's. Raises ModelError for one of ours that is
    damaged, or of a newer format.
    """
    folder = path.parent if path.name == WEIGHTS and path.is_file() else path
    if not (folder / CONFIG).is_file():
        return None
    try:
        facts = json.loads((folder / CONFIG).read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ModelError(f"{folder / CONFIG} is not JSON ({error}); fetch it again") from error
    if not isinstance(facts, dict) or "format" not in facts:
        return None
    _check_facts(folder / CONFIG, facts)
    return Description(folder, facts)


def read(description: Description) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of the model, the file's hash checked."""
    from vocable import weights

    return weights.read(description.folder / WEIGHTS, sha256=description.facts.get("sha256"))


def _check_facts(path: Path, facts: Any) -> None:
    if type(facts["format"]) is not int or facts["format"] < 1:
        raise ModelError(f'{path} needs "format", a whole number from 1, got {facts["format"]!r}')
    if facts["format"] > FORMAT:
        raise ModelError(
            f"{path} has format {facts['format']} but this vocable reads {FORMAT}; upgrade vocable"
        )
    for key, kind in _NEEDED.items():
        if not isinstance(facts.get(key), kind):
            raise ModelError(f'{path} needs "{key}" ({kind.__name__}), got {facts.get(key)!r}')
