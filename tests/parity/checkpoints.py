"""Write a reference's weights as its own package stores them, and open them again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from vocable import weights
from vocable.codecs.keys.checkpoint import Checkpoint

Form = Literal["old", "parametrised", "fused"]
SUFFIXES = {
    "old": ("weight_g", "weight_v"),
    "parametrised": ("parametrizations.weight.original0", "parametrizations.weight.original1"),
}


def write_hub_folder(model: nn.Module, folder: Path) -> Path:
    """Write a model of transformers or snac as on the hub, with config.json; return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    if type(model).__module__.startswith("transformers."):
        model.save_pretrained(folder)
        return folder / "model.safetensors"
    names = ("sampling_rate", "encoder_dim", "encoder_rates", "decoder_dim", "decoder_rates",
             "attn_window_size", "codebook_size", "codebook_dim", "vq_strides")  # fmt: skip
    config = {name: getattr(model, name) for name in names}
    (folder / "config.json").write_text(json.dumps(config | {"noise": True, "depthwise": True}))
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder / "pytorch_model.bin"


def write_original(model: nn.Module, folder: Path, **stated: Any) -> Path:
    """Write a model as its own package publishes it; return the file.

    encodec: a plain state dict. dac: with the arguments of its class beside it, `stated`. moshi:
    safetensors.
    """
    folder.mkdir(parents=True, exist_ok=True)
    package, tensors = type(model).__module__.partition(".")[0], model.state_dict()
    if package == "moshi":
        save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "model.safetensors")
        return folder / "model.safetensors"
    path = folder / ("weights.pth" if package == "dac" else "model.th")
    torch.save(
        {"state_dict": tensors, "metadata": {"kwargs": stated}} if package == "dac" else tensors,
        path,
    )
    return path


def in_form(tensors: Mapping[str, Tensor], form: Form) -> dict[str, Tensor]:
    """Return a weight-normed state dict in another form: same values, other keys."""
    if form == "fused":
        return weights.fuse_weight_norm(tensors)
    renamed = {}
    for key, value in tensors.items():
        for suffixes in SUFFIXES.values():
            for mine, wanted in zip(suffixes, SUFFIXES[form], strict=True):
                if key.endswith("." + mine):
                    key = key.removesuffix(mine) + wanted
        renamed[key] = value
    return renamed


def open_checkpoint(path: Path) -> Checkpoint:
    """Open a file of weights, and the config.json beside it, as `vocable.load` does."""
    config = path.parent / "config.json"
    facts = json.loads(config.read_text()) if config.exists() else {}
    found, stated = _read(path)
    shapes = {key: tuple(value.shape) for key, value in found.items()}
    return _Opened(path, shapes, facts, stated)


class _Opened(Checkpoint):
    def tensors(self) -> dict[str, Tensor]:
        return _read(self.path)[0]


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if path.suffix == ".safetensors":
        return weights.read(path), {}
    held = torch.load(path, map_location="cpu", weights_only=True)
    if "state_dict" in held:
        return dict(held["state_dict"]), dict(held["metadata"]["kwargs"])
    return dict(held), {}
