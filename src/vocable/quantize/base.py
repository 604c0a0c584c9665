"""Define the contract that every quantizer keeps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError, TokenError
from vocable.quantize.health import Health

__all__ = ["Health", "Quantized", "Quantizer"]


@dataclass(frozen=True)
class Quantized:
    """What a quantizer returns in training."""

    z: Tensor  # [batch, frames, dim], float32: the quantized latent, with the estimator's gradient
    codes: Tensor  # [batch, levels, frames], int64, all levels even where an item used fewer
    losses: dict[str, Tensor]  # named, unweighted scalars
    health: Health


class Quantizer(nn.Module, ABC):
    """Turn latents `[batch, frames, dim]` into codes `[batch, levels, frames]` and back.

    Laws: ``decode(encode(z))`` equals ``forward(z).z`` in evaluation mode; for each ``n`` in
    `prefixes` the first ``n`` levels of ``encode(z)`` equal ``encode(z, levels=n)`` and decode by
    themselves.
    """

    dim: int  # width of the latent
    levels: tuple[int, ...]  # entries of each level's codebook
    prefixes: tuple[int, ...]  # numbers of levels that may be used by themselves, rising

    @abstractmethod
    def encode(
        self, z: Float[Tensor, "batch frames dim"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        """Return the codes of ``z`` for the first ``levels`` levels (default: all)."""

    @abstractmethod
    def decode(
        self, codes: Int[Tensor, "batch levels frames"]
    ) -> Float[Tensor, "batch frames dim"]:
        """Return the latent that ``codes`` stand for; as many levels as there are rows."""

    @abstractmethod
    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        """Quantize ``z`` with gradient, and learn from it in training mode."""

    def wanted_levels(self, levels: int | None) -> int:
        """Return ``levels``, or all of them for None; refuse a number that is not in `prefixes`."""
        if levels is None:
            return len(self.levels)
        if levels not in self.prefixes:
            allowed = ", ".join(map(str, self.prefixes))
            raise ModelError(f"levels is {levels} but this quantizer decodes {allowed} levels")
        return levels

    def check_codes(self, codes: Int[Tensor, "batch levels frames"]) -> int:
        """Return the number of levels in ``codes``; refuse codes that no codebook has."""
        levels = self.wanted_levels(codes.shape[1])
        if not codes.numel():
            return levels
        low, high = codes.transpose(0, 1).flatten(1).aminmax(dim=1)  # once for all: a step is short
        worst = zip(self.levels, low.tolist(), high.tolist(), strict=False)
        for level, (size, least, most) in enumerate(worst):
            if least < 0 or most >= size:
                raise TokenError(
                    f"level {level} has a code {least if least < 0 else most} "
                    f"but its codebook has {size} entries"
                )
        return levels
