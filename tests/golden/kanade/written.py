"""The three folders of a small Kanade, as each of their makers publishes his."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tests.golden import drawn


def written(folder: Path, kept: Mapping[str, Any]) -> Path:
    """Write what kanade.json keeps: configs, and weights drawn by their names and shapes."""
    for name in ("wavlm", "vocos"):
        (folder / name).mkdir()
    tensors = {name: drawn.tensors(shapes) for name, shapes in kept["shapes"].items()}
    save_file(tensors["kanade"], folder / "model.safetensors")
    save_file(tensors["wavlm"], folder / "wavlm" / "model.safetensors")
    torch.save(tensors["vocos"], folder / "vocos" / "pytorch_model.bin")
    (folder / "config.yaml").write_text(kept["yaml"])
    (folder / "wavlm" / "config.json").write_text(json.dumps(kept["wavlm"]))
    (folder / "vocos" / "config.yaml").write_text(kept["vocos"])
    return folder
