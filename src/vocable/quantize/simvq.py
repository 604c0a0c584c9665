"""SimVQ: a codebook of which no entry learns by itself.

"Addressing Representation Collapse in Vector Quantized Models with One Linear Layer" (Zhu et al.
2024, arXiv:2411.02038). Where only chosen entries move, the others are left behind; here one map
makes all of them, so that all move with every one that is chosen, and none dies. MagiCodec's
131 072 entries are made so.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.nn.seen import Kept
from vocable.quantize.codebook import Codebook, Parametrisation
from vocable.quantize.learn.kmeans import KMeans


@dataclass(frozen=True)
class SimVQ(Parametrisation):
    """Entries that a linear map makes of vectors that stay as they were drawn.

    With ``update=Gradient()`` and ``revival=None``: the loss `codebook` moves the map. There is no
    start by k-means, with ``initialise=None`` nothing waits for it.
    """

    def make(self, dim: int, size: int, learned: bool) -> Codebook:
        return _MappedCodebook(size, dim, learned)


class _MappedCodebook(Codebook):
    written = False
    frozen: Tensor  # [size, width]

    def _hold(self, entries: Tensor, learned: bool) -> None:
        self.register_buffer("frozen", entries)
        self.map = nn.Linear(self.width, self.width, bias=False, dtype=torch.float32)
        self.map.weight.requires_grad_(learned)
        self._made = Kept[Tensor]()

    @property
    def entries(self) -> Float[Tensor, "size width"]:  # type: ignore[override]
        """The mapped vectors; in evaluation kept as long as the map is the same."""
        if self.training or torch.compiler.is_compiling():
            return self._mapped()
        return self._made.made(self._mapped, self.map.weight, self.frozen)

    def start(self, z: Float[Tensor, "rows dim"], how: KMeans) -> None:
        """Leave the entries as they are."""

    def train(self, mode: bool = True) -> _MappedCodebook:
        self._made = Kept[Tensor]()
        super().train(mode)
        return self

    def _mapped(self) -> Tensor:
        entries: Tensor = self.map(self.frozen)
        return entries
