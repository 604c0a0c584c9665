"""Weights that processes share, so that each worker adds only what it computes with.

They lie one behind the other in one piece of shared memory: a piece for each tensor would take more
open files than a process may have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

_ALIGN = 64  # bytes


def share(tokenizer: Any) -> Tensor:
    """Move all weights of a tokenizer to memory that other processes can map, and return that."""
    places = list(_places(tokenizer))
    total = max((end for _, _, end in places), default=0)
    memory: Tensor = torch.empty(total, dtype=torch.uint8).share_memory_()  # type: ignore[no-untyped-call]
    for tensor, begin, end in places:
        view = _view(memory, tensor, begin, end)
        view.copy_(tensor.data)
        tensor.data = view
    return memory


def take(tokenizer: Any, memory: Tensor) -> None:
    """Put shared weights in place of a tokenizer's own, which are equal."""
    for tensor, begin, end in list(_places(tokenizer)):
        tensor.data = _view(memory, tensor, begin, end)


def _places(tokenizer: Any) -> Iterator[tuple[Tensor, int, int]]:
    """Yield each tensor, with where its bytes begin and end."""
    at = 0
    for network in networks(tokenizer):
        for tensor in (*network.parameters(), *network.buffers()):
            size = tensor.numel() * tensor.element_size()
            yield tensor, at, at + size
            at += -(-size // _ALIGN) * _ALIGN


def networks(tokenizer: Any) -> Iterator[nn.Module]:
    """Yield the networks of a tokenizer: a codec's, or that of the encoder of units."""
    for holder in (tokenizer, getattr(tokenizer, "encoder", None)):
        if isinstance(model := getattr(holder, "model", None), nn.Module):
            yield model


def _view(memory: Tensor, tensor: Tensor, begin: int, end: int) -> Tensor:
    return memory[begin:end].view(tensor.dtype).view(tensor.shape)
