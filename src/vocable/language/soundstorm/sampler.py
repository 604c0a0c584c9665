"""Make the codes of levels one after the other, each in passes: MaskGIT's sampler.

A pass draws all masked codes of a level, keeps the likeliest of them, and masks the others again.
How likely a code is counts as the logarithm of its probability, with Gumbel noise that fades from
pass to pass. The last pass takes the likeliest id of each that is left.

Each item's chance comes from a generator of its own, two numbers for each of its frames in each
pass but the last, used or not: what is made of it does not depend on its neighbours in a batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from vocable.errors import ModelError
from vocable.language import filters
from vocable.language.soundstorm.model import SoundStorm
from vocable.language.soundstorm.settings import MaskedSampling, left_masked

_LEAST = torch.finfo(torch.float64).tiny


class Filling:
    """Items in a batch whose masked codes are made.

    ids: as the model reads them. unknown: codes that are made, masked as yet. lengths: frames of
    each item. passes: of each item, over each level. chances: of each item.
    """

    def __init__(
        self,
        network: SoundStorm,
        ids: Int[Tensor, "batch time rows"],
        unknown: Bool[Tensor, "batch time levels"],
        lengths: Sequence[int],
        passes: Sequence[Sequence[int]],
        sampling: MaskedSampling,
        chances: Sequence[torch.Generator],
    ) -> None:
        self._network, self._lengths, self._passes = network, list(lengths), passes
        self._sampling, self._chances = sampling, chances
        self._unknown, self.ids = unknown, ids.clone()

    @torch.inference_mode()
    def run(self) -> Int[Tensor, "batch time rows"]:
        """Make all levels; return the ids."""
        for level in range(self._unknown.shape[2]):
            self._fill(level)
        return self.ids

    def _fill(self, level: int) -> None:
        masked = self._unknown[..., level].clone()
        left = [
            left_masked(count, passes[level]) if count else []
            for count, passes in zip(masked.sum(1).tolist(), self._passes, strict=True)
        ]
        for done in range(max(map(len, left))):
            last = [item for item, each in enumerate(left) if done + 1 == len(each)]
            others = [item for item, each in enumerate(left) if done + 1 < len(each)]
            if last:
                self._put(level, last, masked[last], self._logits(level, last, masked[last])[1])
            if others:
                after = torch.tensor([left[item][done] for item in others])
                noise = torch.tensor([1 - (done + 1) / len(left[item]) for item in others])
                masked[others] = self._pass(level, others, masked[others], after, noise)

    def _pass(
        self, level: int, items: list[int], masked: Bool[Tensor, "items time"], after: Tensor,
        noise: Tensor,
    ) -> Bool[Tensor, "items time"]:  # fmt: skip
        """Draw what is masked of some items; return what of it is masked again.

        after: how much of each that is. noise: its share in what stays.
        """
        after, noise = after.to(masked.device), noise.to(masked.device)
        chance = self._chance(items, masked.shape[1]).to(masked.device)
        logits, codes = self._logits(level, items, masked)
        if self._sampling.temperature:
            logits = logits / self._sampling.temperature
            codes = filters.draw(logits, chance[:, 0][masked][:, None])
        gumbel = -torch.log(-torch.log(chance[:, 1][masked].clamp(min=_LEAST)))
        known = logits.log_softmax(-1).gather(1, codes[:, None])[:, 0]
        shares = self._sampling.choice * noise[masked.nonzero()[:, 0]]
        confidence = torch.full_like(chance[:, 0], torch.inf)
        confidence[masked] = known + shares * gumbel
        place = confidence.argsort(stable=True, dim=1).argsort(1)
        again: Tensor = place < after[:, None]
        self._put(level, items, masked & ~again, codes[~again[masked]])
        return again

    def _logits(
        self, level: int, items: list[int], masked: Bool[Tensor, "items time"]
    ) -> tuple[Float[Tensor, "places size"], Int[Tensor, " places"]]:
        """Return the logits of what is masked, and the likeliest ids."""
        lengths = [self._lengths[item] for item in items]
        logits = self._network.logits(self.ids[items], lengths, level, masked).float()
        best = logits.max(-1)
        if not bool(best.values.isfinite().all()):
            raise ModelError(f"logits of level {level} are not numbers; the weights are damaged")
        return logits, best.indices

    def _put(
        self, level: int, items: list[int], masked: Bool[Tensor, "items time"],
        codes: Int[Tensor, " places"],
    ) -> None:  # fmt: skip
        made = self.ids[items, :, level]
        made[masked] = codes
        self.ids[items, :, level] = made

    def _chance(self, items: list[int], time: int) -> Float[Tensor, "items 2 time"]:
        found = torch.zeros(len(items), 2, time, dtype=torch.float64)
        for row, item in enumerate(items):
            length = self._lengths[item]
            found[row, :, :length] = torch.rand(2, length, generator=self._chances[item])
        return found
