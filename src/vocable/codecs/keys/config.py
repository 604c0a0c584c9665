"""What a config.json beside a checkpoint says."""

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
