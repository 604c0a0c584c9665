"""The files of an adapter, as PEFT writes and reads them.

    adapter_config.json         rank, alpha, which layers; much else that is mostly off
    adapter_model.safetensors   base_model.model.NAME.lora_A.weight  [rank, channels]
                                base_model.model.NAME.lora_B.weight  [channels_out, rank]

What changes the meaning of these and is not done here is refused by its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from vocable.atomic import replacing
from vocable.errors import ModelError
from vocable.nearest import listed
from vocable.nn.lora.adapter import Adapter
from vocable.nn.lora.places import Place
from vocable.nn.lora.settings import LoraSettings

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PREFIX = "base_model.model."
_READ = {"peft_type", "r", "lora_alpha", "lora_dropout", "use_rslora", "bias", "init_lora_weights"}
# what says how an adapter was made or chosen, and nothing of what its tensors mean
_REMARKS = {
    "auto_mapping", "base_model_name_or_path", "corda_config", "ensure_weight_tying", "eva_config",
    "exclude_modules", "inference_mode", "layers_pattern", "layers_to_transform", "loftq_config",
    "lora_ga_config", "megatron_core", "peft_version", "qalora_group_size", "revision",
    "runtime_config", "target_modules", "task_type",
}  # fmt: skip
_INITS = (True, False, None, "gaussian")  # others change the base


@dataclass(frozen=True)
class AdapterFile:
    """What lies in an adapter's folder. pairs: lora_A and lora_B by the names of layers."""

    settings: LoraSettings
    pairs: Mapping[str, tuple[Tensor, Tensor]]


def write_adapter(adapter: Adapter, folder: Path, base: str) -> None:
    """Write an adapter into a folder. base: the name of the model that it is for."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for name, pair in adapter.named_pairs():
        tensors[f"{_PREFIX}{name}.lora_A.weight"] = pair.down
        tensors[f"{_PREFIX}{name}.lora_B.weight"] = pair.up
    flat = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    if bad := [key for key, value in flat.items() if not bool(value.isfinite().all())]:
        raise ModelError(f"{bad[0]} is not finite; train it anew, with a lower learning rate")
    # both or neither: a config beside the weights of another adapter would be read
    with replacing(folder / CONFIG, overwrite=True) as config:
        config.write_text(json.dumps(_config(adapter, base), indent=2) + "\n", "utf-8")
        with replacing(folder / WEIGHTS, overwrite=True) as weights:
            weights.write_bytes(save(flat, metadata={"format": "pt"}))


def _config(adapter: Adapter, base: str) -> dict[str, Any]:
    own = adapter.settings
    alpha = int(own.alpha) if own.alpha == int(own.alpha) else own.alpha
    return {
        "peft_type": "LORA", "base_model_name_or_path": base, "task_type": None,
        "inference_mode": True, "r": own.rank, "lora_alpha": alpha, "lora_dropout": own.dropout,
        "use_rslora": own.rslora, "use_dora": False, "bias": "none", "fan_in_fan_out": False,
        "init_lora_weights": True, "modules_to_save": None, "rank_pattern": {},
        "alpha_pattern": {}, "target_modules": _exactly(adapter),
    }  # fmt: skip


def _exactly(adapter: Adapter) -> str:
    """Return a regular expression of whole names: as a list, PEFT would take ends of others too."""
    return "|".join(re.escape(place.name) for place in adapter.places)


def read_adapter(folder: Path) -> AdapterFile:
    """Return what an adapter's folder holds; ModelError for what is not read here."""
    config = _read_config(folder / CONFIG)
    _refuse_features(folder, config)
    try:
        settings = LoraSettings(
            int(config["r"]), float(config["lora_alpha"]), float(config.get("lora_dropout", 0.0)),
            bool(config.get("use_rslora", False)),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder / CONFIG} has no usable {error}; fetch it again") from error
    try:
        tensors = load_file(str(folder / WEIGHTS))
    except FileNotFoundError as error:
        raise ModelError(f"{folder} has no {WEIGHTS}; fetch the whole adapter") from error
    except safetensors.SafetensorError as error:
        raise ModelError(f"{folder / WEIGHTS} is damaged ({error}); fetch it again") from error
    return AdapterFile(settings, _pairs(folder, tensors))


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path.parent} is not an adapter: it has no {CONFIG}") from error
    except (ValueError, OSError) as error:
        raise ModelError(f"{path} cannot be read ({error}); fetch it again") from error
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        kind = config.get("peft_type") if isinstance(config, dict) else "no table"
        raise ModelError(f"{path} is of {kind}; only LORA can be read")
    return config


def _refuse_features(folder: Path, config: Mapping[str, Any]) -> None:
    used = [
        key
        for key, value in config.items()
        if key not in _READ | _REMARKS and value and value != "none" and key != "megatron_config"
    ]
    if config.get("bias", "none") != "none":
        used.append("bias")
    if config.get("init_lora_weights", True) not in _INITS:
        used.append(f"init_lora_weights {config['init_lora_weights']}")
    if used:
        raise ModelError(
            f"{folder} uses {listed(sorted(used))} of PEFT, which is not done here; merge it with "
            "PEFT and load the merged model"
        )


def _pairs(folder: Path, tensors: Mapping[str, Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
    halves: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        found = re.fullmatch(r"base_model\.model\.(.+)\.lora_([AB])\.weight", key)
        if found is None:
            raise ModelError(
                f"{folder} has {key}, not a pair of a linear layer; merge it with PEFT and "
                "load the merged model"
            )
        halves.setdefault(found[1], {})[found[2]] = value
    if lacking := [name for name, pair in halves.items() if len(pair) != 2]:
        raise ModelError(f"{folder} has one half of {lacking[0]}; fetch it again")
    return {name: (pair["A"], pair["B"]) for name, pair in halves.items()}


def open_adapter(folder: str | Path, network: nn.Module, places: Sequence[Place]) -> Adapter:
    """Return the adapter in a folder, for a network with these places; it is not put in yet.

    ModelError for one that was made of another base: names or shapes that this one has not.
    """
    folder = Path(folder)
    file = read_adapter(folder)
    known = {place.name: place for place in places}
    if lacking := sorted(file.pairs.keys() - known.keys()):
        raise ModelError(
            f"{folder} is an adapter of another model: {len(lacking)} of its {len(file.pairs)} "
            f"layers are not in this one ({lacking[0]}); load the model that it was made of"
        )
    if not file.pairs:
        raise ModelError(f"{folder} adapts no layer; fetch it again")
    own_places = [place for place in places if place.name in file.pairs]
    adapter = Adapter(network, own_places, file.settings)
    with torch.no_grad():
        for name, pair in adapter.named_pairs():
            for own, value in zip((pair.down, pair.up), file.pairs[name], strict=True):
                if own.shape != value.shape:
                    raise ModelError(
                        f"{folder} is an adapter of another model: {name} has "
                        f"{list(value.shape)} there and {list(own.shape)} here; load the model "
                        "that it was made of"
                    )
                own.copy_(value)
    return adapter.eval()
