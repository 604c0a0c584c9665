"""The network of a CSM that is fine-tuned: read, counted before that, and written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vocable.errors import ModelError, RecipeError
from vocable.fitting import fit
from vocable.language.csm import Csm, CsmConfig, CsmGenerator
from vocable.language.keys.csm import CODEC
from vocable.language.keys.csm_places import csm_places, in_transformers
from vocable.load import load
from vocable.load.language import KnownLanguage
from vocable.nn.settings import without_memory
from vocable.speak.finetune.csm.recipe import CsmRecipe
from vocable.speak.finetune.memory import needed
from vocable.speak.finetune.planned import Plan
from vocable.speak.finetune.pretrained import (
    TEXT,
    checkpoint_of,
    fastest,
    frozen_dtype,
    write_whole,
)
from vocable.speak.finetune.task import what_learns
from vocable.speak.finetune.trained import parts


def is_own(name: str) -> bool:
    """Whether a model is a CSM; ModelError for what is not a model at all."""
    return checkpoint_of(name, "csm") is not None


def find_csm(name: str) -> KnownLanguage:
    """Return the checkpoint of a CSM; RecipeError for another model."""
    known = checkpoint_of(name, "csm")
    if known is None:
        raise RecipeError(f"{name} is not a CSM; name one, or take the preset of its family")
    return known


def load_csm(recipe: CsmRecipe) -> CsmGenerator:
    """Return a CSM with its codec, ready for an adapter or to be trained."""
    name = recipe.check_model()
    find_csm(name)
    generator: CsmGenerator = load(name, dtype=frozen_dtype(recipe, fastest()))
    if generator.codec is None:
        generator.attach(load(recipe.codec))
    return generator


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
    if source.checkpoint.config.get("model_type") != "csm":
        raise ModelError(
            f"{source.checkpoint.path.parent} has no config.json of transformers, which the whole "
            "model needs; put it there, or write the adapter alone"
        )
    tensors = in_transformers(network.state_dict(), network.config)
    write_whole(tensors | _codec(source), source, folder, network.head.weight.dtype)


def _codec(source: KnownLanguage) -> dict[str, Any]:
    from vocable.codecs.keys.stored import tensors_of

    if source.found.inside is None:
        return {}
    stored = tensors_of(source.checkpoint.path)
    return {key: value for key, value in stored.items() if key.startswith(CODEC)}
