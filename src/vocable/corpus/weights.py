"""Weights that processes share, so that each worker adds only what it computes with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

Shared = dict[str, torch.Tensor]


def networks(tokenizer: Any) -> Iterator[nn.Module]:
    """Yield the networks of a tokenizer: a codec's, or that of the encoder of units."""
    for holder in (tokenizer, getattr(tokenizer, "encoder", None)):
        if isinstance(model := getattr(holder, "model", None), nn.Module):
            yield model


def share(tokenizer: Any) -> Shared:
    """Return all weights, moved to memory that other processes can map."""
    shared: Shared = {}
    for number, network in enumerate(networks(tokenizer)):
        for name, tensor in _tensors(network):
            shared[f"{number}.{name}"] = tensor.data.share_memory_()  # type: ignore[no-untyped-call]
    return shared


def take(tokenizer: Any, shared: Shared) -> None:
    """Put shared weights in place of a tokenizer's own, which are equal."""
    for number, network in enumerate(networks(tokenizer)):
        for name, tensor in _tensors(network):
            tensor.data = shared[f"{number}.{name}"]


def _tensors(network: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from network.named_parameters()
    yield from network.named_buffers()
