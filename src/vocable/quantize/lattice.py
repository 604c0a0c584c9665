"""Lattices: codes that are whole numbers of steps along each of a few numbers of a latent.

Nothing is searched: each number is squeezed to where its steps lie and rounded. The digits of all
numbers of a group are one code: sums of whole numbers below 2²⁴, which fp32 adds exactly. Half
precision, which others compute them in by mistake, tells no more than 256 apart.

    place    where a number lies, in steps: what is rounded
    value    what is decoded, -1 to 1
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError

MOST = 1 << 24  # codes of a level, as a token spec has them


class Lattice(nn.Module):
    """Points at `steps` places along each number of a group, and so many groups side by side.

    `width` counts the numbers of all groups. The lowest digit comes first.
    """

    steps: Tensor  # [numbers]: places along each number of a group
    basis: Tensor  # [numbers]: what a step of each adds to the code
    zero: Tensor  # [width]: the digit at place 0, as a float

    def __init__(self, steps: Sequence[int], groups: int) -> None:
        super().__init__()
        steps = tuple(steps)
        if not steps or min(steps) < 2:
            raise ModelError(f"steps are {steps}; give each number of a code 2 or more")
        if groups < 1:
            raise ModelError(f"groups is {groups}; give 1 or more, each with a code")
        self.size, self.groups, self.width = math.prod(steps), groups, len(steps) * groups
        if self.size > MOST:
            raise ModelError(
                f"steps {steps} make {self.size} codes, and a level has {MOST} at most; make "
                "several groups or levels of them"
            )
        basis = [math.prod(steps[:i]) for i in range(len(steps))]
        # made on the processor: without memory, arithmetic would load a second of torch
        self._keep("steps", torch.tensor(steps, device="cpu"))
        self._keep("basis", torch.tensor(basis, device="cpu"))
        self._keep("zero", torch.zeros(self.width, dtype=torch.float32, device="cpu"))

    @abstractmethod
    def place(self, x: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        """Return where the numbers of a latent lie, with gradient."""

    @abstractmethod
    def decoded(self, place: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        """Return the values of places, also of those between steps."""

    @abstractmethod
    def placed(self, value: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        """Return the places of values."""

    def rounded(self, place: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        """Return the places of the nearest points; a NaN lies at 0."""
        return place.nan_to_num(0.0).round()

    def codes(self, points: Float[Tensor, "*rows width"]) -> Int[Tensor, "*rows groups"]:
        """Return the codes of points, by their places."""
        return self._summed(points + self.zero)

    def nearest(self, place: Float[Tensor, "*rows width"]) -> Int[Tensor, "*rows groups"]:
        """Return the codes of the nearest points."""
        return self.codes(self.rounded(place))

    def at(self, codes: Int[Tensor, "*rows groups"]) -> Float[Tensor, "*rows width"]:
        """Return the places of codes."""
        digits = codes[..., None] // self.basis % self.steps
        places: Tensor = digits.flatten(-2) - self.zero
        return places

    def spacing(self) -> Float[Tensor, " width"]:
        """Return how far apart the values of each number are."""
        first = self.basis.new_zeros(2, self.groups)
        first[1] = self.basis.sum()  # all digits are 0, and all are 1
        apart: Tensor = self.decoded(self.at(first)).diff(dim=0)[0]
        return apart

    def _summed(self, digits: Float[Tensor, "*rows width"]) -> Int[Tensor, "*rows groups"]:
        by_group = torch.unflatten(digits, -1, (self.groups, -1))
        codes: Tensor = by_group @ self.basis.float()
        return codes.long()

    def _keep(self, name: str, values: Tensor) -> None:
        """Hold what follows from the config: it goes where weights go, and into no file."""
        self.register_buffer(name, values, persistent=False)


class OffsetLattice(Lattice):
    """The lattice of the paper: 0 is a step, so that an even number of them reaches lower than up.

    places: `reach · tanh(x + shift) - offset`, so many `times`; values: places / (steps // 2).
    """

    reach: Tensor  # of the places, down and up
    shift: Tensor
    offset: Tensor

    def __init__(
        self, steps: Sequence[int], groups: int, reach: Tensor, shift: Tensor, times: int = 1
    ) -> None:
        super().__init__(steps, groups)
        self.times = times
        self._keep("zero", (self.steps // 2).float().repeat(groups))
        self._keep("reach", reach.repeat(groups))
        self._keep("shift", shift.repeat(groups))
        self._keep("offset", offset_of(self.steps).repeat(groups))

    def place(self, x: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        for _ in range(self.times):
            x = (x + self.shift).tanh() * self.reach - self.offset
        return x

    def decoded(self, place: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        return place / self.zero

    def placed(self, value: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        return value * self.zero


class SymmetricLattice(Lattice):
    """Values from -1 to 1 at equal distances, as many above 0 as below.

    hard: numbers are cut at -1 and 1, where tanh bounds them otherwise.
    """

    last: Tensor
    unit: Tensor

    def __init__(self, steps: Sequence[int], groups: int, hard: bool) -> None:
        super().__init__(steps, groups)
        self.hard = hard
        self._keep("last", (self.steps - 1).float().repeat(groups))
        self._keep("unit", 2.0 / self.last)

    def place(self, x: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        x = x.clamp(-1.0, 1.0) if self.hard else x.tanh()
        return self.last * (x + 1) / 2.0

    def rounded(self, place: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        """Return the places of the nearest points, of two the upper one; a NaN lies at 0."""
        return (place.nan_to_num(0.0) + 0.5).floor()

    def decoded(self, place: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        return self.unit * place - 1.0

    def placed(self, value: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        return (value + 1.0) / self.unit


class Corners(Lattice):
    """The corners of a cube: a number above 0 is +1, any other -1; the first bit weighs most.

    sphere: the numbers of a group are brought to length 1, and so are the corners.
    """

    def __init__(self, bits: int, groups: int = 1, *, sphere: bool = False) -> None:
        super().__init__((2,) * bits, groups)
        self._keep("basis", self.basis.flip(0))
        self.sphere, self.reach = sphere, bits**-0.5 if sphere else 1.0

    def place(self, x: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        if not self.sphere:
            return x
        by_group = torch.unflatten(x, -1, (self.groups, -1))
        return nn.functional.normalize(by_group, dim=-1).flatten(-2)

    def rounded(self, place: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        """Return the corners on the same side of 0 in all numbers; 0 and NaN are below."""
        return torch.where(place > 0, self.reach, -self.reach).float()

    def codes(self, points: Float[Tensor, "*rows width"]) -> Int[Tensor, "*rows groups"]:
        return self._summed((points > 0).float())

    def nearest(self, place: Float[Tensor, "*rows width"]) -> Int[Tensor, "*rows groups"]:
        return self.codes(place)  # it asks on which side of 0, whether rounded or not

    def at(self, codes: Int[Tensor, "*rows groups"]) -> Float[Tensor, "*rows width"]:
        return (super().at(codes) * 2 - 1) * self.reach

    def decoded(self, place: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        return place

    def placed(self, value: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        return value


def offset_of(steps: Tensor) -> Tensor:
    """Return by how much places of an even number of steps are moved, so that 0 is one of them."""
    return (steps % 2 == 0).float() / 2
