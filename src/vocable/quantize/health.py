"""Say how well a quantizer uses its codebooks."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from vocable.quantize.level_codes import LevelCodes, as_levels


@dataclass(frozen=True)
class Health:
    """Counts that the health of each level follows from; ``a + b`` joins two stretches of audio."""

    counts: tuple[Tensor, ...]  # per level, how often each entry was chosen
    energy: Tensor  # [levels + 1]: summed squares of the latent, then of each level's residual
    # how many latents were NaN or infinite: they count nowhere else, and nothing is learned of them
    unusable: Tensor = field(
        default_factory=lambda: torch.zeros((), dtype=torch.int64, device="cpu")
    )

    @classmethod
    def of(cls, codes: LevelCodes, sizes: tuple[int, ...]) -> Health:
        """Return the health of the codes of each level: the residual energies are unknown (NaN)."""
        pairs = zip(as_levels(codes), sizes, strict=False)
        counts = tuple(count_codes(row, size) for row, size in pairs)
        return cls(counts, torch.full((len(counts) + 1,), torch.nan, dtype=torch.float32))

    def __add__(self, other: Health) -> Health:
        counts = tuple(a + b for a, b in zip(self.counts, other.counts, strict=True))
        return Health(counts, self.energy + other.energy, self.unusable + other.unusable)

    @property
    def used(self) -> Float[Tensor, "levels"]:
        """The share of entries that were chosen at least once, per level."""
        return torch.stack([(c > 0).float().mean() for c in self.counts])

    @property
    def dead(self) -> Int[Tensor, "levels"]:
        """The number of entries that were never chosen, per level."""
        return torch.stack([(c == 0).sum() for c in self.counts])

    @property
    def perplexity(self) -> Float[Tensor, "levels"]:
        """Two to the power of the codes' entropy in bits, per level; 0 where none was chosen."""
        return torch.stack([_perplexity(c) for c in self.counts])

    @property
    def residual_db(self) -> Float[Tensor, "levels"]:
        """What the levels up to this one leave of the latent's energy, in dB, per level."""
        return 10 * torch.log10(self.energy[1:] / self.energy[0])


def usable(x: Float[Tensor, "*rows width"]) -> Bool[Tensor, "*rows"]:
    """Return which vectors have a finite norm in fp32; of the others nothing can be learned."""
    return x.detach().float().square().sum(-1).isfinite()


def energy_of(x: Float[Tensor, "*rows width"]) -> Float[Tensor, ""]:
    """Return the sum of squares of the usable vectors, in float64."""
    known = torch.where(usable(x)[..., None], x.detach(), 0.0)
    return known.double().square().sum()


def count_codes(
    codes: Int[Tensor, "..."], size: int, counted: Bool[Tensor, "..."] | None = None
) -> Float[Tensor, "size"]:
    """Return how often each of ``size`` entries occurs in ``codes``, where ``counted``."""
    flat = codes.reshape(-1)
    ones = torch.ones(flat.shape, dtype=torch.float32, device=flat.device)
    if counted is not None:
        ones = counted.reshape(-1).to(ones)
    return ones.new_zeros(size).index_add_(0, flat, ones)


def _perplexity(counts: Tensor) -> Tensor:
    share = counts.double() / counts.sum().clamp(min=1)
    entropy: Tensor = torch.special.entr(share).sum()
    return entropy.exp().float() * (counts.sum() > 0)
