"""The network of a CSM that is fine-tuned: read, counted before that, and written."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from vocable.atomic import replacing
from vocable.errors import ModelError, RecipeError
from vocable.fitting import fit
from vocable.language.csm import Csm, CsmConfig, CsmGenerator
from vocable.language.keys.csm import CODEC
from vocable.language.keys.csm_places import csm_places, in_transformers
from vocable.load import load
from vocable.load.finding import Source, locate
from vocable.load.language import KnownLanguage, recognise_language
from vocable.nn.settings import without_memory
from vocable.speak.finetune.csm.recipe import CsmRecipe
from vocable.speak.finetune.memory import needed
from vocable.speak.finetune.planned import Plan
from vocable.speak.finetune.task import what_learns
from vocable.speak.finetune.trained import parts
from vocable.train import bf16

_log = logging.getLogger(__name__)
_FILE = "model.safetensors"
_SMALL = 64 << 20  # bytes of a file beside the weights that is copied with them
TEXT = 4.0  # ids of text a second, at most: fast speech has three words, of 1.3 ids each


def is_own(name: str) -> bool:
    """Whether a model is a CSM; ModelError for what is not a model at all."""
    return _checkpoint(name) is not None


def find_csm(name: str) -> KnownLanguage:
    """Return the checkpoint of a CSM; RecipeError for another model."""
    known = _checkpoint(name)
    if known is None:
        raise RecipeError(f"{name} is not a CSM; name one, or take the preset of its family")
    return known


def _checkpoint(name: str) -> KnownLanguage | None:
    where = locate(name)
    known = recognise_language(where.weights) if isinstance(where, Source) else None
    return known if known is not None and known.found.architecture == "csm" else None


def frozen_dtype(recipe: CsmRecipe, device: torch.device) -> torch.dtype:
    """Return what weights are in: bf16 where they stay as they are, and where it is fast."""
    if recipe.precision == "fp32" or recipe.tuning.method == "full":
        return torch.float32
    if why := bf16.why_not(device):
        _log.info("weights are kept in fp32: %s", why)
        return torch.float32
    return torch.bfloat16


def load_csm(recipe: CsmRecipe) -> CsmGenerator:
    """Return a CSM with its codec, ready for an adapter or to be trained."""
    name = recipe.check_model()
    find_csm(name)
    generator: CsmGenerator = load(name, dtype=frozen_dtype(recipe, _fastest()))
    if generator.codec is None:
        generator.attach(load(recipe.codec))
    return generator


def _fastest() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def needs(recipe: CsmRecipe, device: torch.device) -> Plan:
    """Return what a run will do, by a network that has no weights."""
    known = find_csm(recipe.check_model())
    config = fit(CsmConfig, known.found.config, "config", ModelError, "config.")
    with without_memory():
        network = Csm(config).to(frozen_dtype(recipe, device)).requires_grad_(False)
        weights = sum(weight.numel() for weight in network.parameters())
        learning = what_learns(network, csm_places(config), recipe.tuning)
    memory = needed(network, lambda: _longest_batch(network, recipe))
    return Plan(recipe, tuple(parts(learning)), weights, memory)


def _longest_batch(network: Csm, recipe: CsmRecipe) -> Tensor:
    """Run the longest batch that may come, on the meta device."""
    config, rows = network.config, recipe.rows
    frames = round(rows.longest * config.rate / config.frame) + 1
    turn = frames + round(rows.longest * TEXT)
    time = min(config.backbone.context, turn * (1 + rows.context))
    ids = torch.zeros(rows.batch, time, config.levels + 1, dtype=torch.int64, device="meta")
    output = network.forward(ids)
    deep = max(1, round(rows.batch * min(frames, time) * recipe.depth.share))
    hidden = output.hidden.flatten(0, 1)[:deep]
    logits = network.deep_logits(hidden, ids[..., :-1].flatten(0, 1)[:deep])
    # cross entropy takes fp32, and keeps as much again
    return (2 * output.logits.float()).exp().sum() + (2 * logits.float()).exp().sum()


def write_csm(network: nn.Module, source: KnownLanguage, folder: Path) -> None:
    """Write a CSM in transformers' layout, with the codec and small files of where it came from."""
    assert isinstance(network, Csm)
    came_from = source.checkpoint.path
    stated = source.checkpoint.config
    if stated.get("model_type") != "csm":
        raise ModelError(
            f"{came_from.parent} has no config.json of transformers, which the whole model needs; "
            "put it there, or write the adapter alone"
        )
    tensors = in_transformers(network.state_dict(), network.config)
    tensors |= _codec(source)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / _FILE, overwrite=True) as fresh:
        mode = fresh.stat().st_mode
        save_file(tensors, fresh, metadata={"format": "pt"})
        fresh.chmod(mode)  # it would be readable to its owner only
    for path in came_from.parent.iterdir():
        if _goes_along(path):
            with replacing(folder / path.name, overwrite=True) as fresh:
                shutil.copyfile(path, fresh)
    dtype = str(network.head.weight.dtype).removeprefix("torch.")
    with replacing(folder / "config.json", overwrite=True) as fresh:
        fresh.write_text(json.dumps({**stated, "dtype": dtype}, indent=2) + "\n", "utf-8")


def _codec(source: KnownLanguage) -> dict[str, Any]:
    from vocable.codecs.keys.stored import tensors_of

    if source.found.inside is None:
        return {}
    stored = tensors_of(source.checkpoint.path)
    return {key: value for key, value in stored.items() if key.startswith(CODEC)}


def _goes_along(path: Path) -> bool:
    """Whether a file beside the weights is about text or generating, not weights."""
    about = path.suffix in (".json", ".jinja", ".model", ".txt") and "index" not in path.name
    return path.is_file() and about and path.name != "config.json" and path.stat().st_size < _SMALL
