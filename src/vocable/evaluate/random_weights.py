"""Make the baseline of what is told without having been learnt: a model with random weights."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

Model = TypeVar("Model")  # a torch.nn.Module


def random_weights(model: Model, seed: int = 0) -> Model:
    """Return a copy of a model of torch with the numbers of each stored tensor in random order.

    Every tensor keeps its distribution, so that signals keep their scale, and loses what it has
    learnt; codebooks too. What is computed rather than stored, as filters and windows, stays.
    For a codec of vocable: `Codec(random_weights(codec.model))`.
    """
    import torch

    made: Any = copy.deepcopy(model)
    drawn = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in made.state_dict().values():
            if tensor.is_floating_point():
                order = torch.randperm(tensor.numel(), generator=drawn).to(tensor.device)
                tensor.copy_(tensor.flatten()[order].reshape(tensor.shape))
    found: Model = made
    return found
