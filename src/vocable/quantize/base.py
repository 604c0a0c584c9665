"""Define the contract that every quantizer keeps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError, TokenError
from vocable.nn.settings import exporting
from vocable.quantize.health import Health
from vocable.quantize.level_codes import LevelCodes, as_levels
from vocable.quantize.spacing import spacing
from vocable.quantize.ties import tie_distance

__all__ = ["Health", "LevelCodes", "Quantized", "Quantizer", "as_levels"]


@dataclass(frozen=True)
class Quantized:
    """What a quantizer returns in training."""

    z: Tensor  # [batch, frames, dim], float32: the quantized latent, with the estimator's gradient
    codes: LevelCodes  # int64, all levels even where an item used fewer
    losses: dict[str, Tensor]  # named, unweighted scalars
    health: Health
    first: Tensor | None = None  # what level 0 alone stands for, as `z`; None: nobody says it
    parts: tuple[Tensor, ...] = ()  # what each part of a factorised quantizer stands for, as `z`


class Quantizer(nn.Module, ABC):
    """Turn latents `[batch, frames, dim]` into codes and back.

    Codes are `[batch, levels, frames]`. Where a level has a token every `stride` frames only, they
    are a tuple of one `[batch, frames / stride]` a level instead, and `frames` is a multiple of
    every stride.

    Laws: ``decode(encode(z))`` equals ``forward(z).z`` in evaluation mode; for each ``n`` in
    `prefixes` the first ``n`` levels of ``encode(z)`` equal ``encode(z, levels=n)`` and decode by
    themselves.

    A quantizer that learns from statistics, or has aids that only training needs, defines
    `start_learning`, `resume_learning` and `drop_learning`; the defaults do nothing. What it learns
    itself must belong to a part that is not a quantizer, and learn while that part's `training` is
    set: so `freeze` holds for it.
    """

    dim: int  # width of the latent
    levels: tuple[int, ...]  # entries of each level's codebook
    prefixes: tuple[int, ...]  # numbers of levels that may be used by themselves, rising
    strides: tuple[int, ...] = ()  # frames a token of each level lasts; empty: 1 each

    @abstractmethod
    def encode(self, z: Float[Tensor, "batch frames dim"], levels: int | None = None) -> LevelCodes:
        """Return the codes of ``z`` for the first ``levels`` levels (default: all)."""

    @abstractmethod
    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        """Return the latent that ``codes`` stand for; as many levels as there are codes of."""

    @abstractmethod
    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        """Quantize ``z`` with gradient, and learn from it in training mode."""

    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        """Set the codebooks by ``latents``; a training step will bring ``per_step`` of them."""

    def resume_learning(self, per_step: int | None = None) -> None:
        """Let learning go on from the entries as they are.

        ``per_step`` is how many latents a training step brings; None: as many as the first brings.
        """

    def freeze(self) -> None:
        """Let nothing learn in training either; how many levels an item uses is still drawn.

        What decodes its output then learns to do so from each number of levels. `train` undoes it.
        """
        self.eval()
        for part in self.modules():
            if isinstance(part, Quantizer):
                part.training = True

    def drop_learning(self) -> None:
        """Remove what only training needs, so that `state_dict` is what inference needs."""

    def tie_distance(
        self,
        z: Float[Tensor, "batch frames dim"],
        codes: LevelCodes,
        other_z: Float[Tensor, "batch frames dim"],
        other: LevelCodes,
    ) -> Float[Tensor, "batch frames"]:
        """Return for each frame how surely two encodings of almost one latent differ.

        0: they agree. Up to 1: a tie, the difference of the latents explains the other choice.
        More: a mistake. Here the choice is the nearest decoded latent; a quantizer that searches
        elsewhere, or level by level, says so in its own method (see `ties.tie_distance`).
        """
        distance = tie_distance(z, other_z, self.decode(codes), self.decode(other))
        return distance.masked_fill(same_codes(self.per_frame(codes), self.per_frame(other)), 0.0)

    def per_frame(self, codes: LevelCodes) -> Int[Tensor, "batch levels frames"]:
        """Return codes with one column a frame, those of coarse levels repeated."""
        rows = as_levels(codes)
        strides = self.strides or (1,) * len(rows)
        spread = [row.repeat_interleave(s, 1) for row, s in zip(rows, strides, strict=False)]
        return torch.stack(spread, dim=1)

    def to_axes(self, z: Float[Tensor, "batch frames dim"]) -> Float[Tensor, "batch frames axes"]:
        """Return latents as rows of which means stand for several frames: here they are such."""
        return z.float()

    def encode_axes(
        self, rows: Float[Tensor, "batch frames axes"], levels: int | None = None
    ) -> LevelCodes:
        """Return the codes of rows as `to_axes` gives them, and of means of such."""
        return self.encode(rows, levels)

    def axes_of(self, codes: LevelCodes) -> Float[Tensor, "batch frames axes"]:
        """Return what codes of any prefix of the levels stand for, as rows of `to_axes`."""
        return self.to_axes(self.decode(codes))

    def axis_spacing(self, levels: int | None = None) -> Float[Tensor, " axes"]:
        """Return for each axis how far apart neighbours are of what the first `levels` tell apart.

        Here that is what the last of them tells apart, the same for all axes.
        """
        count = self.wanted_levels(levels)
        device = next(chain(self.parameters(), self.buffers())).device
        codes = torch.zeros(1, count, self.levels[count - 1], dtype=torch.int64, device=device)
        codes[0, -1] = torch.arange(self.levels[count - 1])
        rows = self.axes_of(codes)[0]
        return rows.new_full((rows.shape[1],), spacing(rows))

    def code_axes(self, level: int) -> Float[Tensor, "size axes"]:
        """Return what each code of a level stands for while others stay, as rows of `to_axes`."""
        device = next(chain(self.parameters(), self.buffers())).device
        shape = 1, len(self.levels), self.levels[level]
        codes = torch.zeros(shape, dtype=torch.int64, device=device)
        codes[0, level] = torch.arange(self.levels[level])
        return self.axes_of(codes)[0]

    def wanted_levels(self, levels: int | None) -> int:
        """Return ``levels``, or all of them for None; refuse a number that is not in `prefixes`."""
        if levels is None:
            return len(self.levels)
        if levels not in self.prefixes:
            allowed = ", ".join(map(str, self.prefixes))
            raise ModelError(f"levels is {levels} but this quantizer decodes {allowed} levels")
        return levels

    def no_codes(self, batch: int, levels: int | None, device: torch.device) -> Sequence[Tensor]:
        """Return codes of no frames, one `[batch, 0]` a level."""
        count, kind = self.wanted_levels(levels), {"dtype": torch.int64, "device": device}
        return tuple(torch.zeros(batch, 0, **kind) for _ in range(count))  # type: ignore[call-overload]

    def check_codes(self, codes: LevelCodes) -> int:
        """Return the number of levels in ``codes``; refuse codes that no codebook has."""
        levels = self.wanted_levels(codes.shape[1] if isinstance(codes, Tensor) else len(codes))
        if exporting():  # a graph knows no values
            return levels
        for level, (low, high) in enumerate(_ranges(codes)):
            size = self.levels[level]
            if low < 0 or high >= size:
                raise TokenError(
                    f"level {level} has a code {low if low < 0 else high} "
                    f"but its codebook has {size} entries"
                )
        return levels


def same_codes(
    a: Int[Tensor, "batch levels frames"], b: Int[Tensor, "batch levels frames"]
) -> Tensor:
    """Return where all levels agree, `[batch, frames]`."""
    return (a == b).all(dim=1)


def _ranges(codes: LevelCodes) -> list[tuple[int, int]]:
    """Return the least and the greatest code of each level; nothing where there are no codes."""
    if isinstance(codes, Tensor):
        if not codes.numel():
            return []
        low, high = codes.transpose(0, 1).flatten(1).aminmax(dim=1)  # once for all: a step is short
        return list(zip(low.tolist(), high.tolist(), strict=True))
    found = [row.aminmax() if row.numel() else None for row in codes]
    return [(0, 0) if pair is None else (int(pair.min), int(pair.max)) for pair in found]
