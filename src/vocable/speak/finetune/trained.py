"""What learns: its parts with their counts, and whether a gradient reaches each of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from vocable.errors import RecipeError
from vocable.nn.lora import Adapter


@dataclass(frozen=True)
class Part:
    """Layers of one kind. name: theirs, with * for numbers. parameters: of all that learn."""

    name: str
    layers: int
    parameters: int


def parts(model: nn.Module) -> list[Part]:
    """Return what learns of a model or an adapter, layers of one kind together, in order."""
    found: dict[str, list[int]] = defaultdict(list)
    for name, weights in _layers(model):
        found[_kind(name)].append(sum(weight.numel() for weight in weights))
    return [Part(kind, len(counts), sum(counts)) for kind, counts in found.items()]


def gradients(model: nn.Module) -> dict[str, float]:
    """Return the smallest norm of a layer's gradient, for each kind of layer.

    RecipeError where a layer has none: it takes no part in the loss, and would only seem to learn.
    """
    norms: dict[str, list[float]] = defaultdict(list)
    dead = []
    for name, weights in _layers(model):
        grads = [weight.grad for weight in weights if weight.grad is not None]
        norm = float(torch.stack([grad.float().norm() for grad in grads]).norm()) if grads else 0.0
        norms[_kind(name)].append(norm)
        if not norm > 0:
            dead.append(name)
    if dead:
        raise RecipeError(
            f"{len(dead)} layers that are to learn got no gradient ({dead[0]}); leave them out by "
            "tuning.exclude"
        )
    return {kind: min(found) for kind, found in norms.items()}


def _layers(model: nn.Module) -> Iterator[tuple[str, list[nn.Parameter]]]:
    if isinstance(model, Adapter):
        for name, pair in model.named_pairs():
            yield name, list(pair.parameters())
        return
    for name, module in model.named_modules():
        own = [weight for weight in module.parameters(recurse=False) if weight.requires_grad]
        if own:
            yield name, own


def _kind(name: str) -> str:
    return re.sub(r"(?<=\.)\d+(?=\.|$)", "*", name)
