"""Finite scalar quantization.

"Finite Scalar Quantization: VQ-VAE Made Simple" (Mentzer et al. 2023, arXiv:2309.15505), and in
groups of channels with a code each, as NVIDIA's codecs have it (Langman et al. 2024,
arXiv:2406.05298). There is no codebook: none that collapses, starts, or needs a loss.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vocable.quantize.base import LevelCodes, as_levels
from vocable.quantize.bound import Bound, TanBound
from vocable.quantize.lattice import Lattice
from vocable.quantize.precision import full_precision
from vocable.quantize.scalar import ScalarQuantizer


class GroupedQuantizer(ScalarQuantizer):
    """Neighbouring numbers are a group, and each group is a level: not finer and finer, but side by
    side, so that none decodes without the others.
    """

    def __init__(self, lattice: Lattice, dim: int | None) -> None:
        super().__init__(lattice, lattice.groups, (lattice.groups,), dim)

    def encode_axes(
        self, rows: Float[Tensor, "batch frames width"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        wanted = self.wanted_levels(levels)
        with full_precision(rows.device.type):
            return self._search(self.lattice.placed(rows), wanted)

    def axes_of(self, codes: LevelCodes) -> Float[Tensor, "batch frames width"]:
        return self.lattice.decoded(self.lattice.at(torch.stack(as_levels(codes), -1)))

    def axis_spacing(self, levels: int | None = None) -> Float[Tensor, " axes"]:
        """Return how far apart the values of each number are."""
        self.wanted_levels(levels)
        return self.lattice.spacing()

    def _place(self, x: Float[Tensor, "batch frames width"]) -> Float[Tensor, "batch frames width"]:
        return self.lattice.place(x)

    def _search(
        self, places: Float[Tensor, "batch frames width"], levels: int
    ) -> Int[Tensor, "batch levels frames"]:
        return self.lattice.nearest(places).transpose(1, 2)

    def _values(
        self, places: Float[Tensor, "batch frames width"]
    ) -> Float[Tensor, "batch frames width"]:
        return self.lattice.decoded(places)

    def _left(self, values: Tensor, codes: Sequence[Tensor]) -> list[Tensor]:
        each, error = self.lattice.width // len(codes), values - self.axes_of(codes)
        ends = range(each, self.lattice.width + 1, each)
        return [torch.cat([error[..., :end], values[..., end:]], -1) for end in ends]


class FSQ(GroupedQuantizer):
    """Bound each of a few numbers and round it: `steps` places each, all digits one code.

    steps   places along each number of a code, say (8, 5, 5, 5): 1000 codes of 4 numbers. The
            first is the lowest digit
    dim     channels of the latent; None: as many as numbers. Others are projected, in and out
    groups  codes a frame, each of its own numbers: neighbouring channels. All decode together
    bound   how latents come into the range of the steps

    Laws: codes do not depend on what else is in a batch or a block, but for ties where there is a
    projection. Values are bounded again, so that ``encode(decode(codes)) == codes`` does not hold.
    The gradient passes rounding unchanged and the bound as it is. A NaN lies at place 0, and is
    counted as unusable.
    """

    def __init__(
        self,
        steps: Sequence[int],
        *,
        dim: int | None = None,
        groups: int = 1,
        bound: Bound = TanBound(),  # noqa: B008 - a frozen value
    ) -> None:
        super().__init__(bound.lattice(steps, groups), dim)
