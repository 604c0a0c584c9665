"""Write a reference's weights as its own package stores them; vocable's `open_checkpoint` reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from vocable import weights
from vocable.codecs.keys.checkpoint import open_checkpoint as open_checkpoint

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
    parts = list(model.modules())
    config["noise"] = any(type(part).__name__ == "NoiseBlock" for part in parts)
    config["depthwise"] = any(getattr(part, "groups", 1) > 1 for part in parts)
    (folder / "config.json").write_text(json.dumps(config))
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder / "pytorch_model.bin"


def write_original(model: nn.Module, folder: Path, **stated: Any) -> Path:
    """Write a model as its own package publishes it; return the file.

    encodec: a plain state dict; speechtokenizer: with its config.json, `stated`. dac: with the
    arguments of its class, `stated`. moshi: safetensors.
    """
    folder.mkdir(parents=True, exist_ok=True)
    package, tensors = type(model).__module__.partition(".")[0], model.state_dict()
    if package == "moshi":
        save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "model.safetensors")
        return folder / "model.safetensors"
    if package == "speechtokenizer":
        (folder / "config.json").write_text(json.dumps(stated))
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
