"""The bound seam: how numbers without limit come to lie among the steps of a lattice.

Three forms are in use, and models trained with one are not read by another: over latents in ±6 the
first two round 0.04 to 0.15 % of the digits apart. fp32 in the order of operations of those that
published them, so that their codes are found to the bit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from vocable.errors import ModelError
from vocable.quantize.lattice import Lattice, OffsetLattice, SymmetricLattice, offset_of

EPS = 1e-3  # by how much the range is wider or narrower than the outer steps


class Bound(ABC):
    """Make the lattice of some steps."""

    @abstractmethod
    def lattice(self, steps: Sequence[int], groups: int = 1) -> Lattice:
        """Return the lattice of so many steps along each number of a group."""


@dataclass(frozen=True)
class TanBound(Bound):
    """The paper's listing (arXiv:2309.15505, appendix A) and NVIDIA's codecs."""

    def lattice(self, steps: Sequence[int], groups: int = 1) -> Lattice:
        n = torch.tensor(tuple(steps), device="cpu")
        reach = (n - 1).float() / 2 * (1 - EPS)
        return OffsetLattice(steps, groups, reach, (offset_of(n) / reach).tan())


@dataclass(frozen=True)
class AtanhBound(Bound):
    """vector-quantize-pytorch and what was trained by it: a latent of 0 lies at 0.

    times: 2 where the model bounds its latent once more, as X-Codec 2 and NeuCodec do.
    """

    times: int = 1

    def lattice(self, steps: Sequence[int], groups: int = 1) -> Lattice:
        if 2 in steps or max(steps, default=0) > 1 / EPS:
            raise ModelError(
                f"steps are {tuple(steps)}; by AtanhBound a number has 3 to 1000, others by "
                "SymmetricBound"
            )
        n = torch.tensor(tuple(steps), device="cpu")
        reach = (n - 1).float() * (1 + EPS) / 2
        return OffsetLattice(steps, groups, reach, (offset_of(n) / reach).atanh(), self.times)


@dataclass(frozen=True)
class SymmetricBound(Bound):
    """As many values above 0 as below ("Scaling Transformers for Low-Bitrate High-Quality Speech
    Coding", Parker et al. 2024, arXiv:2411.19842, section 3.2: Stable Codec).

    hard: the latent is cut at ±1, not bent: what `ResidualFSQ` does with what it has bent before.
    """

    hard: bool = False

    def lattice(self, steps: Sequence[int], groups: int = 1) -> Lattice:
        return SymmetricLattice(steps, groups, self.hard)
