"""Make the codes of levels one after the other, each in passes: MaskGIT's sampler.

A pass draws all masked codes of a level, keeps the likeliest of them, and masks the others again.
How likely a code is counts as the logarithm of its probability, with Gumbel noise that fades from
pass to pass. The last pass takes the likeliest id of each that is left.

Each item's chance comes from a generator of its own, two numbers for each of its frames in each
pass, used or not: what is made of it does not depend on its neighbours in a batch.
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
            items = [item for item, each in enumerate(left) if done < len(each)]
            after = torch.tensor([left[item][done] for item in items])
            ratios = torch.tensor([(done + 1) / len(left[item]) for item in items])
            masked[items] = self._pass(level, items, masked[items], after, ratios)

    def _pass(
        self, level: int, items: list[int], masked: Bool[Tensor, "items time"], after: Tensor,
        ratios: Tensor,
    ) -> Bool[Tensor, "items time"]:  # fmt: skip
        """Draw what is masked of some items; return what of it is masked again."""
        after, ratios = after.to(masked.device), ratios.to(masked.device)
        lengths = [self._lengths[item] for item in items]
        logits = self._network.logits(self.ids[items], lengths, level, masked).double()
        if not bool(logits.isfinite().all()):
            raise ModelError(f"logits of level {level} are not numbers; the weights are damaged")
        chance = self._chance(items, masked.shape[1]).to(masked.device)
        row = masked.nonzero()[:, 0]
        codes, surprise = self._drawn(logits, chance[:, 0][masked], (ratios == 1)[row])
        gumbel = -torch.log(-torch.log(chance[:, 1][masked].clamp(min=_LEAST)))
        confidence = torch.full_like(chance[:, 0], torch.inf)
        confidence[masked] = self._sampling.choice * (1 - ratios[row]) * gumbel - surprise
        place = confidence.argsort(stable=True, dim=1).argsort(1)
        again: Tensor = place < after[:, None]
        made = self.ids[items, :, level]
        made[masked] = codes
        self.ids[items, :, level] = made.where(~again, self._network.masks[level])
        return again

    def _drawn(
        self, logits: Float[Tensor, "places size"], chance: Float[Tensor, " places"], last: Tensor
    ) -> tuple[Int[Tensor, " places"], Float[Tensor, " places"]]:
        """Return codes and the nats of each."""
        codes = logits.argmax(-1)
        if self._sampling.temperature:
            logits = logits / self._sampling.temperature
            codes = codes.where(last, filters.draw(logits, chance[:, None]))
        return codes, -logits.log_softmax(-1).gather(1, codes[:, None])[:, 0]

    def _chance(self, items: list[int], time: int) -> Float[Tensor, "items 2 time"]:
        found = torch.zeros(len(items), 2, time, dtype=torch.float64)
        for row, item in enumerate(items):
            length = self._lengths[item]
            found[row, :, :length] = torch.rand(2, length, generator=self._chances[item])
        return found
