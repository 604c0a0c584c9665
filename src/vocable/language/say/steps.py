"""The part of a model that runs once a frame, laid out to be fast: weights in half the bytes.

A frame of one text is a row, and its product with weights takes as long as these take to be read.
They are stored in fp16, so packed in fp16 (`nn.narrow`) they are the same weights.
"""

from __future__ import annotations

import copy

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.language.packing import PackedMap
from vocable.language.say.model import Say
from vocable.nn import Linear
from vocable.nn.narrow import narrow, works


class Steps:
    """The blocks that hear the past, and the heads, of a model whose weights do not change."""

    @torch.inference_mode()
    def __init__(self, model: Say, *, packed: bool = False) -> None:
        """Take the parts of a model; packed: in fp16, where this processor has kernels for it."""
        self.model, self.config = model, model.config
        self.places = [model.books.placed(level) for level in range(len(model.config.sizes))]
        self._parts = _Parts(model)
        if packed and next(model.parameters()).device.type == "cpu" and works(torch.float16):
            _pack(self._parts)

    def initial_state(self, batch: int) -> object:
        """Return the state before the first frame."""
        return self._parts.past.initial_state(batch)

    def contexts(
        self, row: Float[Tensor, "batch channels"], before: Float[Tensor, "batch axes"],
        state: object,
    ) -> tuple[tuple[Float[Tensor, "batch inner"], ...], object]:  # fmt: skip
        """Return what each head reads of the next frame, by the frame before it, and the state."""
        parts = self._parts
        rows, state = parts.past.step((row + parts.from_past(before))[:, None], state)
        return parts.heads.contexts(self.model.norm(rows[:, 0])), state

    def logits(
        self, level: int, context: Float[Tensor, "batch inner"], known: Float[Tensor, "batch axes"]
    ) -> Float[Tensor, "batch size"]:
        """Return the logits of a level, by what is known of the frame."""
        found: Tensor = self._parts.tables[level](self._parts.heads.read(level, context, known))
        return found.float()


class _Parts(nn.Module):
    """Copies of what runs once a frame; `tables` are what the logits of each level come from."""

    def __init__(self, model: Say) -> None:
        super().__init__()
        self.past, self.from_past = copy.deepcopy(model.past), copy.deepcopy(model.from_past)
        self.heads = copy.deepcopy(model.heads)
        levels = range(len(model.config.sizes))
        self.tables = nn.ModuleList(
            _table(model.heads.table(level), model.heads.bias(level)) for level in levels
        )


def _table(weight: Float[Tensor, "size places"], bias: Float[Tensor, " size"]) -> nn.Linear:
    made = nn.Linear(weight.shape[1], weight.shape[0], device="meta")  # draws no weights
    made.weight, made.bias = nn.Parameter(weight), nn.Parameter(bias)
    return made


def _pack(parts: nn.Module) -> None:
    """Put a packed map in the place of each."""
    for module in list(parts.modules()):
        for name, part in list(module.named_children()):
            if isinstance(part, nn.Linear | Linear):
                weight = narrow(part.weight.detach(), torch.float16)
                bias = None if part.bias is None else part.bias[None]
                setattr(module, name, PackedMap([weight], bias))
