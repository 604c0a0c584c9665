"""The network of an Orpheus that is fine-tuned: read, counted before that, and written."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from vocable.errors import ModelError, RecipeError
from vocable.fitting import fit
from vocable.language.flat import Flat, FlatConfig, FlatGenerator
from vocable.language.keys.flat import flat_places, in_transformers
from vocable.load import load, load_codec
from vocable.load.language import KnownLanguage
from vocable.nn.settings import without_memory
from vocable.speak.finetune.memory import needed
from vocable.speak.finetune.orpheus.recipe import OrpheusRecipe
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
    """Whether a model is an Orpheus; ModelError for what is not a model at all."""
    return checkpoint_of(name, "flat") is not None


def find_orpheus(name: str) -> KnownLanguage:
    """Return the checkpoint of an Orpheus; RecipeError for another model."""
    known = checkpoint_of(name, "flat")
    if known is None:
        raise RecipeError(f"{name} is not an Orpheus; name one, or take the preset of its family")
    return known


def load_orpheus(recipe: OrpheusRecipe) -> FlatGenerator:
    """Return an Orpheus with its codec, ready for an adapter or to be trained."""
    name = recipe.check_model()
    find_orpheus(name)
    generator: FlatGenerator = load(name, dtype=frozen_dtype(recipe, fastest()))
    generator.attach(load_codec(recipe.codec))
    return generator


def needs(recipe: OrpheusRecipe, device: torch.device) -> Plan:
    """Return what a run will do, by a network that has no weights."""
    known = find_orpheus(recipe.check_model())
    config = fit(FlatConfig, known.found.config, "config", ModelError, "config.")
    with without_memory():
        network = Flat(config).to(frozen_dtype(recipe, device)).requires_grad_(False)
        weights = sum(weight.numel() for weight in network.parameters())
        learning = what_learns(network, flat_places(config), recipe.tuning)
    memory = needed(network, lambda: longest_batch(network, recipe))
    return Plan(recipe, tuple(parts(learning)), weights, memory)


def longest_batch(network: Flat, recipe: OrpheusRecipe) -> Tensor:
    """Run the longest batch that may come, on the meta device."""
    template, rows = network.config.template, recipe.rows
    cycles = round(rows.longest * template.spec.rate / template.cycle) + 1
    marks = sum(map(len, (template.before, template.between, template.after)))
    turn = cycles * template.slots + round(rows.longest * TEXT) + marks
    time = min(network.config.trunk.context, turn * (1 + rows.context))
    ids = torch.zeros(rows.batch, time, dtype=torch.int64, device="meta")
    learnt = rows.batch * min(turn, time - 1)
    hidden = network.forward(ids).flatten(0, 1)[:learnt]
    # cross entropy takes fp32, and keeps as much again
    return (2 * network.logits(hidden).float()).exp().sum()


def write_orpheus(network: nn.Module, source: KnownLanguage, folder: Path) -> None:
    """Write an Orpheus in transformers' layout, with the small files of where it came from."""
    assert isinstance(network, Flat)
    tensors = in_transformers(network.state_dict(), network.config)
    write_whole(tensors, source, folder, network.table.weight.dtype)
