"""Search by the codebooks of one quantizer, decode by those of another.

Qwen3-TTS's tokenizer ("Qwen3-TTS Technical Report", Qwen team 2026, arXiv:2601.15621) is published
so: its decoder has entries and projections of its own for the codes of its encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.quantize.base import LevelCodes, Quantized, as_levels
from vocable.quantize.learn.update import Gradient
from vocable.quantize.precision import full_precision
from vocable.quantize.rvq import ResidualVQ
from vocable.quantize.split import SplitVQ
from vocable.quantize.total import total


class PairedVQ(SplitVQ):
    """Quantize as `SplitVQ` does, and decode by other entries and projections of the same sizes.

    Those that decode start as copies of those that search, and then learn by the gradient of what
    is made of them; the encoder learns through the search, as without them. All levels are decoded
    in training, so ``parts`` have no dropout.

    Laws: those of `SplitVQ`.
    """

    decoding: Sequence[ResidualVQ]
    decoding_out: Sequence[nn.Linear]

    def __init__(self, dim: int, parts: Sequence[ResidualVQ]) -> None:
        super().__init__(dim, parts)
        if any(part.dropout for part in parts):
            raise ModelError(
                f"dropout of the parts is {[part.dropout for part in parts]}; a paired quantizer "
                "decodes all levels in training, so give them 0"
            )
        own = (
            ResidualVQ(part.dim, part.levels, update=Gradient(), revival=None, initialise=None)
            for part in parts
        )
        out = (nn.Linear(part.dim, dim, bias=False, dtype=torch.float32) for part in parts)
        self.decoding = nn.ModuleList(own)  # type: ignore[assignment]
        self.decoding_out = nn.ModuleList(out)  # type: ignore[assignment]

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        self.check_codes(codes)
        with full_precision(as_levels(codes)[0].device.type):
            rows = zip(self.decoding, self._shares(codes), self.decoding_out, strict=True)
            return total([out(part.decode_checked(own)) for part, own, out in rows if own])

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        starts = self._waits and self.parts[0].initialise is not None
        found = super().forward(z)
        if self._waits:
            return found
        if starts:
            self._copy()
        # the value of what decodes; its gradient, and that of the search
        return replace(found, z=self.decode(found.codes) + (found.z - found.z.detach()))

    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        super().start_learning(latents, per_step)
        self._copy()

    def drop_learning(self) -> None:
        super().drop_learning()
        for part in self.decoding:
            part.drop_learning()

    @torch.no_grad()
    def _copy(self) -> None:
        """Let what decodes be what searches."""
        for ours, theirs in zip(self.decoding, self.parts, strict=True):
            for own, level in zip(ours.stack, theirs.stack, strict=True):
                own.codebook.entries.copy_(level.codebook.entries)
        for own_out, out in zip(self.decoding_out, self.out, strict=True):
            own_out.weight.copy_(out.weight)
