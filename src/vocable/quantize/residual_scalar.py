"""Residual quantization without codebooks: each level the same lattice, smaller than that before.

After vector-quantize-pytorch 1.32 (`ResidualFSQ`, `ResidualLFQ`), whose codes and latents these
are. Earlier versions had other scales. In the published form each level passes the gradient once
more, so that the encoder gets it as often as there are levels; here it gets it once.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn.settings import exporting
from vocable.quantize.base import LevelCodes, as_levels
from vocable.quantize.bound import SymmetricBound
from vocable.quantize.dropout import drawn_levels
from vocable.quantize.lattice import Corners, Lattice
from vocable.quantize.learn.entropy import code_entropies
from vocable.quantize.precision import full_precision
from vocable.quantize.scalar import ScalarQuantizer
from vocable.quantize.total import total


class ResidualScalar(ScalarQuantizer):
    """Quantize by `levels` lattices, level i in units of `scale ** i`; decoding is their sum.

    dropout: share of the items that use a drawn number of levels in training.

    Laws: the first n rows of ``encode(z)`` equal ``encode(z, levels=n)``, and any number decodes.
    """

    scales: Tensor  # [levels, width]

    def __init__(
        self, lattice: Lattice, scale: Tensor, levels: int, dim: int | None, dropout: float
    ) -> None:
        if levels < 1:
            raise ModelError(f"levels is {levels}; give 1 or more")
        if not 0 <= dropout <= 1:
            raise ModelError(f"dropout is {dropout}; give a share of items from 0 to 1")
        super().__init__(lattice, levels, range(1, levels + 1), dim)
        self.dropout = dropout
        scales = torch.stack([scale.float() ** -i for i in range(levels)])
        self.register_buffer("scales", scales, persistent=False)

    def encode_axes(
        self, rows: Float[Tensor, "batch frames width"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        wanted = self.wanted_levels(levels)
        with full_precision(rows.device.type):
            return self._search(rows, wanted)

    def axes_of(self, codes: LevelCodes) -> Float[Tensor, "batch frames width"]:
        pairs = enumerate(as_levels(codes))
        return total([self._value_if_given(level, row) for level, row in pairs])

    def axis_spacing(self, levels: int | None = None) -> Float[Tensor, " axes"]:
        """Return how far apart the values of the last of the levels are."""
        return self.lattice.spacing() * self.scales[self.wanted_levels(levels) - 1]

    def _place(self, x: Float[Tensor, "batch frames width"]) -> Float[Tensor, "batch frames width"]:
        return x

    def _values(
        self, places: Float[Tensor, "batch frames width"]
    ) -> Float[Tensor, "batch frames width"]:
        return places

    def _search(
        self, places: Float[Tensor, "batch frames width"], levels: int
    ) -> Int[Tensor, "batch levels frames"]:
        codes: list[Tensor] = []
        for scale in self.scales[:levels]:
            points = self.lattice.rounded(self.lattice.place(places / scale))
            codes.append(self.lattice.codes(points)[..., 0])
            places = places - self.lattice.decoded(points) * scale
        return torch.stack(codes, 1)

    def _drawn(self, codes: Sequence[Tensor]) -> Tensor:
        share = self.dropout if self.training else 0.0
        batch, device = len(codes[0]), codes[0].device
        use = drawn_levels(batch, len(codes), self.prefixes, share, device)
        values = [self._value(level, row) for level, row in enumerate(codes)]
        pairs = zip(values, use[:, :, None, None], strict=True)
        return total([torch.where(used, value, 0.0) for value, used in pairs])

    def _left(self, values: Tensor, codes: Sequence[Tensor]) -> list[Tensor]:
        left = []
        for level, row in enumerate(codes):
            values = values - self._value(level, row)
            left.append(values)
        return left

    def _value(self, level: int, codes: Tensor) -> Tensor:
        return self.lattice.decoded(self.lattice.at(codes[..., None])) * self.scales[level]

    def _value_if_given(self, level: int, codes: Tensor) -> Tensor:
        """Return what codes stand for; in a graph, where all levels come, -1 stands for nothing."""
        if not exporting():
            return self._value(level, codes)
        given = codes[..., None] >= 0
        return torch.where(given, self._value(level, codes.clamp(min=0)), 0.0)


class ResidualFSQ(ResidualScalar):
    """Finite scalar quantization of what is left, in steps finer by their number at each level.

    steps    places along each number, the same at every level
    levels   codes a frame
    dim      channels of the latent; None: as many as numbers. Others are projected, in and out

    The latent is bent once, `tanh(x / c) · c` with `c = 1 + 1 / (steps - 1)`, and then cut.
    """

    bend: Tensor  # [width]: c

    def __init__(
        self, steps: Sequence[int], levels: int, *, dim: int | None = None, dropout: float = 0.0
    ) -> None:
        lattice = SymmetricBound(hard=True).lattice(steps)
        super().__init__(lattice, lattice.steps, levels, dim, dropout)
        self.register_buffer("bend", 1 + 1 / (lattice.steps - 1).float(), persistent=False)

    def _place(self, x: Float[Tensor, "batch frames width"]) -> Float[Tensor, "batch frames width"]:
        return (x / self.bend).tanh() * self.bend


class ResidualLFQ(ResidualScalar):
    """Lookup-free quantization of what is left, values half as large at each level.

    bits     numbers of a code
    levels   codes a frame
    dim      channels of the latent; None: as many as numbers. Others are projected, in and out

    Losses are those of `LFQ`, means over the levels.
    """

    def __init__(
        self, bits: int, levels: int, *, dim: int | None = None, dropout: float = 0.0
    ) -> None:
        lattice = Corners(bits)
        super().__init__(lattice, lattice.steps, levels, dim, dropout)

    def _losses(self, places: Tensor, codes: Sequence[Tensor]) -> dict[str, Tensor]:
        commitment, entropy, left = [], [], places
        for level, row in enumerate(codes):
            value = self._value(level, row)
            commitment.append((left - value).square().mean())
            entropy.append(code_entropies(left.flatten(0, 1), 2.0**-level))
            left = left - value
        losses = {"commitment": commitment, "entropy": entropy}
        return {name: torch.stack(each).mean() for name, each in losses.items()}
