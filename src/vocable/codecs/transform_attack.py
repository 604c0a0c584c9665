"""Attacks: a gain over time by which samples are divided before a transform, and multiplied after.

What a quantizer adds to a frame spreads over all of it, also over the silence before an attack.
The gain rises with the attack, so that this falls before it (gain control, as in the scalable
profile of AAC, ISO/IEC 13818-7). Any gain comes back exactly. One code a frame: none, or a place
and a rise.
"""

from __future__ import annotations

from typing import TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor

State: TypeAlias = tuple[Tensor, Tensor, Tensor]

PLACES = 10  # of a frame, at which an attack may begin
RISES = (2.0, 4.0, 6.0)  # doublings of the gain: 12, 24 and 36 dB
CODES = 1 + PLACES * len(RISES)
MARGIN = 1.5  # doublings by which an attack rises more than the gain: noise seldom does
LOUD = 1e9
RAMP = 4  # the gain rises within one part in so many of the distance of two places


class Attacks:
    """The gain of frames of `frame` samples; after an attack it falls to 1 in the next frame."""

    def __init__(self, frame: int) -> None:
        self.frame = frame
        self.part = frame // PLACES

    def start(self, none: Float[Tensor, "batch 1"]) -> State:
        """Return what `encode` keeps: powers of the last parts, the last sample, the last rise.

        none: zeros, one a stream. Nothing rises above the powers before the first sample.
        """
        return none.new_full((len(none), PLACES), LOUD), none, none[:, 0].clone()

    @torch.no_grad()
    def encode(
        self, x: Float[Tensor, "batch samples"], state: State
    ) -> tuple[Float[Tensor, "batch samples"], Float[Tensor, "batch frames"], State]:
        """Return the gain of whole frames, their codes and the state after them."""
        powers, last, level = state
        sharp = torch.diff(torch.cat([last, x], dim=1), dim=1)
        parts = sharp.reshape(x.shape[0], -1, PLACES, self.part).square().mean(3)
        before = torch.cat([powers[:, None], parts], dim=1)
        codes = self._find(before[:, :-1].mean(2), parts)
        codes = _apart(codes, level)
        gain, after = self.decode(codes, level)
        kept = x[:, -1:].clone() if x.shape[1] else last
        return gain, codes.to(x.dtype), (before[:, -1].clone(), kept, after)

    def decode(
        self, codes: Int[Tensor, "batch frames"], level: Float[Tensor, " batch"]
    ) -> tuple[Float[Tensor, "batch samples"], Float[Tensor, " batch"]]:
        """Return the gain that codes stand for, after a rise of `level`, and their last rise."""
        sizes = torch.tensor((0.0, *RISES), dtype=torch.float32, device=codes.device)
        rises = sizes[(codes + PLACES - 1) // PLACES]
        place = (codes - 1).clamp(min=0) % PLACES * self.part
        fallen = torch.cat([level[:, None], rises], dim=1)
        time = torch.arange(self.frame, dtype=torch.float32, device=codes.device)
        fall = fallen[:, :-1, None] * (1 - time / self.frame)
        up = ((time - place[..., None] + 1) * (RAMP / self.part)).clamp(0, 1)
        octaves = fall + rises[..., None] * up
        return octaves.exp2().flatten(1), fallen[:, -1].clone()

    def _find(self, mean: Tensor, parts: Tensor) -> Tensor:
        """Return the code of each frame: at the first part that is far above the mean before."""
        ratio = parts / (mean[..., None] + 1e-9)
        rise = 0.5 * ratio.clamp(min=1e-9).log2()
        found = rise >= RISES[0] + MARGIN
        place = found.int().argmax(2)
        step = sum((rise.amax(2) >= r + MARGIN).long() for r in RISES)
        return torch.where(found.any(2), 1 + place + (step - 1) * PLACES, 0)


def _apart(codes: Tensor, level: Tensor) -> Tensor:
    """Return codes without an attack in the frame after one."""
    kept, before = [], level > 0
    for code in codes.unbind(1):
        kept.append(torch.where(before, 0, code))
        before = kept[-1] > 0
    return torch.stack(kept, dim=1) if kept else codes
