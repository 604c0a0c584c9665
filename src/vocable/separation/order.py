"""Bring the parts of a recording into the order in which their speakers begin.

A network gives them in an order of its own. The first stretch of 40 ms in which some part is louder
than -50 dB says who is first: the loudest one. Of more than two speakers, the next is the first
other one within 10 dB of the loudest. What comes before is as quiet in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

STRETCH = 0.04  # seconds
_HEARD = 10 ** (-50 / 10)  # mean square, full scale 1
_BESIDE = 10 ** (-10 / 10)  # of the loudest part's


@dataclass(frozen=True)
class Onsets:
    """The speakers that have begun, in that order, and what is still to be looked at."""

    size: int  # samples of a stretch
    waiting: Float[Tensor, "speakers samples"]
    begun: tuple[int, ...] = ()

    def push(
        self, parts: Float[Tensor, "speakers samples"], *, last: bool = False
    ) -> tuple[Float[Tensor, "speakers samples_out"], Onsets]:
        """Return the samples whose order is known, in it, and what goes on.

        Once the order is known nothing waits. last: nothing follows, and what is left is looked at
        as it is.
        """
        rows, begun = torch.cat((self.waiting, parts), 1), self.begun
        found, at = [], 0
        while len(begun) < len(rows) - 1 and (
            at + self.size <= rows.shape[1] or (last and at < rows.shape[1])
        ):
            stretch = rows[:, at : at + self.size]
            begun = _heard(begun, stretch)
            found.append(stretch[_order(begun, len(rows))])
            at += self.size
        if last or len(begun) == len(rows) - 1:
            found.append(rows[_order(begun, len(rows)), at:])
            at = rows.shape[1]
        waiting = rows[:, at:].clone()
        done = torch.cat(found, 1) if found else rows[:, :0]
        return done, replace(self, waiting=waiting, begun=begun)


def _heard(begun: tuple[int, ...], stretch: Tensor) -> tuple[int, ...]:
    """Return who has begun after a stretch."""
    powers = stretch.square().mean(1)
    loud = powers.ge(_HEARD) & powers.ge(powers.max() * _BESIDE)
    new = [k for k in powers.argsort(descending=True).tolist() if loud[k] and k not in begun]
    return (*begun, *new)[: len(stretch) - 1]


def _order(begun: tuple[int, ...], speakers: int) -> list[int]:
    """Return all speakers: those that have begun, then the others as they come."""
    return [*begun, *(k for k in range(speakers) if k not in begun)]
