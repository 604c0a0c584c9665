"""Keep the weights of a model's maps in fewer bytes, for generating on a CPU.

A step of few streams takes as long as its weights take to be read. Packed, a model computes in
fp32, whatever its weights came in, and can be run, but neither trained nor moved nor saved. Tables
of ids stay as they are: a step reads only some rows of them.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.language.maps import Map, MapOfSets
from vocable.language.transformer import Transformer
from vocable.nn.narrow import NarrowWeight, narrow


class PackedMap(nn.Module):
    """A `Map`, or one for each position, whose weights are kept in few bytes."""

    def __init__(self, sets: list[NarrowWeight], bias: Tensor | None) -> None:
        super().__init__()
        self._sets, self._bias = sets, bias

    @property
    def count(self) -> int:
        """How many weights there are, and numbers of the bias."""
        bias = 0 if self._bias is None else self._bias.numel()
        return bias + sum(weight.count for weight in self._sets)

    @property
    def nbytes(self) -> int:
        """Bytes of the weights, which one position after the other reads."""
        return sum(weight.nbytes for weight in self._sets)

    def forward(
        self, x: Float[Tensor, "batch time channels"], first: int = 0
    ) -> Float[Tensor, "batch time channels_out"]:
        """Map rows that stand at `first` and after."""
        if len(self._sets) == 1:
            return self._sets[0].product(x, self._at(0))
        each = enumerate(x.unbind(1), first)
        return torch.stack([self._sets[at].product(row, self._at(at)) for at, row in each], 1)

    def _at(self, position: int) -> Tensor | None:
        return None if self._bias is None else self._bias[position]


def pack(network: nn.Module, weights: torch.dtype) -> None:
    """Keep the weights of all maps in fp16 or int8; everything else computes in fp32.

    One map after the other, each freed as it is packed. ModelError where this torch or processor
    has no kernels for it.
    """
    for module in list(network.modules()):
        for name, part in list(module.named_children()):
            if isinstance(part, Map | MapOfSets):
                setattr(module, name, _packed(part, weights))
    for module in network.modules():
        if isinstance(module, Transformer):
            module.float()


def parameters(network: nn.Module) -> int:
    """Return how many parameters a network has, packed or not."""
    packed = sum(part.count for part in network.modules() if isinstance(part, PackedMap))
    return packed + sum(tensor.numel() for tensor in network.parameters())


def _packed(part: Map | MapOfSets, weights: torch.dtype) -> PackedMap:
    every = part.weight.detach()
    sets = [narrow(one, weights) for one in (every[None] if isinstance(part, Map) else every)]
    if part.bias is None:
        return PackedMap(sets, None)
    return PackedMap(sets, part.bias.detach().float().view(len(sets), -1))
