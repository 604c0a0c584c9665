"""The network of a CSM that is fine-tuned: read, counted before that, and written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.language.csm import Csm
from vocable.language.keys.csm import CODEC
from vocable.language.keys.csm_places import in_transformers
from vocable.load.language import KnownLanguage
from vocable.speak.finetune.csm.recipe import CsmRecipe
from vocable.speak.finetune.planned import Plan
from vocable.speak.finetune.pretrained import TEXT, Pretrained, write_whole

CSM = Pretrained("csm")
is_own = CSM.is_own


def needs(recipe: CsmRecipe, device: torch.device) -> Plan:
    """Return what a run will do, by a network that has no weights."""
    return CSM.plan(recipe, device, lambda network: _longest_batch(network, recipe))


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
