"""A small CPC as a checkpoint of others."""

from pathlib import Path

import torch
from safetensors.torch import save_file


def write_cpc(folder: Path) -> Path:
    """Write `model.safetensors`, of 8 channels and one level, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = torch.Generator().manual_seed(0)
    tensors = {}
    for i, kernel in enumerate((10, 8, 4, 4, 4)):
        shape = (8, 8 if i else 1, kernel)
        tensors[f"gEncoder.conv{i}.weight"] = 0.3 * torch.randn(shape, generator=draw)
        tensors[f"gEncoder.conv{i}.bias"] = torch.zeros(8)
        tensors[f"gEncoder.batchNorm{i}.weight"] = torch.ones(1, 8, 1)
        tensors[f"gEncoder.batchNorm{i}.bias"] = torch.zeros(1, 8, 1)
    for side in ("ih", "hh"):
        tensors[f"gAR.baseNet.weight_{side}_l0"] = 0.3 * torch.randn(32, 8, generator=draw)
        tensors[f"gAR.baseNet.bias_{side}_l0"] = torch.zeros(32)
    save_file(tensors, folder / "model.safetensors")
    return folder / "model.safetensors"
