"""The files of a small TiCodec, as its training keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.golden import drawn


def networks(kept: Mapping[str, Any]) -> dict[str, dict[str, Tensor]]:
    """Return the state dicts, whose weights are drawn by their names and shapes."""
    found = {name: drawn.tensors(shapes) for name, shapes in kept["shapes"].items()}
    encoder, voice = found["encoder"], "GlobalTokenEncoder."
    for key, value in encoder.items():  # so that latents, and voices, come to differ
        if key.startswith((f"{voice}conv", "conv_post.weight")) or key.endswith("weight_g"):
            value.mul_(3)
    for name in ("conv_pre", "ups.0", "ups.1", "conv_post"):
        found["generator"][f"{name}.weight_g"].mul_(2)
    encoder[f"{voice}fn.2.running_var"].abs_().add_(0.01)
    encoder[f"{voice}fn.2.num_batches_tracked"] = torch.tensor(7)
    return found


def written(folder: Path, kept: Mapping[str, Any]) -> Path:
    """Write them, and the config beside them."""
    folder.mkdir(exist_ok=True)
    torch.save(networks(kept), folder / "g_00250000")
    (folder / "config.json").write_text(json.dumps(kept["config"]))
    return folder
