"""The network of an Orpheus that is fine-tuned: read, counted before that, and written."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from vocable.language.flat import Flat
from vocable.language.keys.flat import in_transformers
from vocable.load.language import KnownLanguage
from vocable.speak.finetune.orpheus.recipe import OrpheusRecipe
from vocable.speak.finetune.planned import Plan
from vocable.speak.finetune.pretrained import TEXT, Pretrained, write_whole

ORPHEUS = Pretrained("flat")
is_own = ORPHEUS.is_own


def needs(recipe: OrpheusRecipe, device: torch.device) -> Plan:
    """Return what a run will do, by a network that has no weights."""
    return ORPHEUS.plan(recipe, device, lambda network: longest_batch(network, recipe))


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
