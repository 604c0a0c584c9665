"""What a config.json beside a checkpoint says, and whether the weights say the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vocable.errors import ModelError

CONFIG = "config.json"


def read_config(folder: Path) -> Mapping[str, Any]:
    """Return what the config.json of a folder says; nothing where there is none."""
    path = folder / CONFIG
    if not path.is_file():
        return {}
    try:
        config = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ModelError(f"{path} is not JSON ({error}); fetch it again") from error
    if not isinstance(config, dict):
        raise ModelError(f"{path} is not a config, but a {type(config).__name__}; fetch it again")
    return config


def check_config(config: Mapping[str, Any], needed: Mapping[str, Any]) -> None:
    """Refuse a config that says something else than the weights, or than the family can do.

    What is absent or null says nothing.
    """
    for key, wanted in needed.items():
        value = config.get(key)
        value = tuple(value) if isinstance(value, list) else value
        if value is not None and value != wanted:
            raise ModelError(
                f"config.json says {key} {str(config[key])[:60]}, which for these weights must be "
                f"{wanted}; fetch both from one place"
            )
