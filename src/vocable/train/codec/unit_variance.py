"""Begin a new codec with layers that neither drown nor blow up what passes through them.

"All you need is a good init" (Mishkin and Matas 2015, arXiv:1511.06422): the weights of one layer
after the other are divided by the deviation of what it gives for a first batch. Torch's own weights
lose a half or more at every layer: after thirty of them, what a decoder gives depends on its biases
alone, and hundreds of steps pass before the codes begin to matter.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.codecs import CodecModel
from vocable.errors import RecipeError
from vocable.nn import NoiseBlock, Prolonged


@torch.no_grad()
def set_unit_variance(model: CodecModel, x: Float[Tensor, "batch channels time"]) -> None:
    """Scale the layers of encoder and decoder, where called as modules, for `x`; biases become 0.

    The last layer gives what is as loud as what the encoder gets of `x`. Noise that a decoder adds
    stays as loud as it is.
    """
    layers = [*_layers(model.encoder), *_layers(model.decoder)]
    for layer in layers:
        if layer.bias is not None:
            layer.bias.zero_()
    order: list[Any] = []
    hooks = [layer.register_forward_hook(_scaler(order)) for layer in layers]
    try:
        given = _run(model, x)
    finally:
        for hook in hooks:
            hook.remove()
    if not order or order[-1] is not layers[-1]:
        raise RecipeError(
            f"codec.unit_variance does not reach the last layer of {model.name}, which is not "
            "called as a module; leave it out"
        )
    order[-1].weight.mul_(given.std())


def _layers(module: nn.Module) -> Iterator[Any]:
    """Yield what multiplies by a matrix, and learns."""
    if isinstance(module, NoiseBlock):
        return
    weight = module._parameters.get("weight")
    if weight is not None and weight.dim() > 1 and weight.requires_grad:
        yield module
    for child in module.children():
        yield from _layers(child)


def _scaler(order: list[Any]) -> Any:
    """Return a hook that scales a layer when it is run; `order` gets it."""

    def scale(layer: Any, given: Any, found: Tensor) -> Tensor:
        deviation = found.std().clamp(min=1e-6)
        layer.weight.div_(deviation)
        order.append(layer)
        return found / deviation

    return scale


def _run(model: CodecModel, x: Tensor) -> Tensor:
    """Encode and decode as in the first step of training, with a copy of the quantizer.

    Returns what was encoded: `x`, or what the sides make of it.
    """
    z, sides = model.latents_and_sides(x)
    found = copy.deepcopy(model.quantizer).train()(z)
    # What prolongs a decoder calls its steps, which hooks do not see.
    decoder = model.decoder.block if isinstance(model.decoder, Prolonged) else model.decoder
    decoder(model.condition(found.z, sides))
    return model.prepare_input(x, model.find_sides(x))
