"""Write tokenizers as Microsoft does: below their names, beside a language model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def as_microsoft(folders: Mapping[str, Path], target: Path) -> None:
    """Write the tokenizers in these folders of transformers, by their kind, into one file."""
    tensors = {"model.language_model.norm.weight": torch.ones(4)}
    config = {"model_type": "vibevoice"}
    for kind, folder in folders.items():
        for key, value in load_file(folder / "model.safetensors").items():
            side = "" if key.startswith(("encoder.", "decoder.")) else "encoder."
            tensors[f"model.{kind}_tokenizer.{_original(side + key)}"] = value
        config[f"{kind}_tokenizer_config"] = _config(
            json.loads((folder / "config.json").read_text())
        )
    target.mkdir()
    save_file(tensors, target / "model.safetensors")
    (target / "config.json").write_text(json.dumps(config))


def _original(key: str) -> str:
    """Return Microsoft's name of a key of transformers."""
    side, *rest = key.split(".")
    between = "downsample_layers" if side == "encoder" else "upsample_layers"
    name = ".".join(rest)
    name = re.sub(r"^stem\.", "0.", name)
    name = re.sub(r"^conv_layers\.(\d+)\.", lambda found: f"{int(found[1]) + 1}.", name)
    name = re.sub(r"^(\d+)\.(conv|convtr)\.\2\.", rf"{between}.\1.0.\2.\2.", name)
    name = re.sub(r"^(\d+)\.stage\.", r"stages.\1.", name)
    name = re.sub(r"mixer\.conv\.", "mixer.conv.conv.conv.", name)
    return f"{side}." + re.sub(r"^head\.conv\.", "head.conv.conv.", name)


def _config(config: dict) -> dict:
    """Return what Microsoft's config says of a tokenizer."""
    return {
        "channels": config["channels"],
        "vae_dim": config["hidden_size"],
        "encoder_n_filters": config["num_filters"],
        "encoder_ratios": config["downsampling_ratios"][::-1],
        "encoder_depths": "-".join(map(str, config["depths"])),
        "layernorm": "RMSNorm",
        "layernorm_eps": config["rms_norm_eps"],
        "mixer_layer": "depthwise_conv",
        "causal": True,
    }
