"""Parts of a model that says phones: what sees both sides, a voice, the heads of the levels."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from vocable.language.say.books import Books
from vocable.language.say.config import SayConfig
from vocable.nn import GELU, LayerNorm, Linear
from vocable.nn.conv import DepthwiseConv1d
from vocable.nn.convnext import Scale


class BothSides(nn.Module):
    """ConvNeXt blocks that see as many rows before as behind, of rows that a mask says are real."""

    def __init__(
        self, blocks: int, channels: int, kernel: int, expansion: int, dropout: float
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(
                DepthwiseConv1d(channels, kernel, pad=(kernel // 2, kernel // 2)),
                LayerNorm(channels),
                Linear(channels, expansion * channels),
                GELU(),
                nn.Dropout(dropout),
                Linear(expansion * channels, channels),
                Scale(channels, 0.3),
            )
            for _ in range(blocks)
        )

    def forward(
        self, x: Float[Tensor, "batch time channels"], real: Bool[Tensor, "batch time"]
    ) -> Float[Tensor, "batch time channels"]:
        """Return rows; those that are not real are 0."""
        mask = real[..., None]
        x = x.where(mask, 0.0)
        for block in self.blocks:
            x = (x + block(x)).where(mask, 0.0)
        return x


class VoiceEncoder(nn.Module):
    """What makes a voice: a few numbers, from a few seconds of its tokens."""

    def __init__(self, config: SayConfig) -> None:
        super().__init__()
        channels = config.voice_channels
        self.into = nn.Linear(config.row, channels)
        self.body = BothSides(2, channels, 5, 2, config.dropout)
        self.out = nn.Linear(2 * channels, config.voice)
        self.norm = nn.LayerNorm(config.voice, elementwise_affine=False)

    def forward(
        self, rows: Float[Tensor, "batch time axes"], real: Bool[Tensor, "batch time"]
    ) -> Float[Tensor, "batch voice"]:
        """Return numbers of mean 0 and variance 1, by the mean and deviation over time."""
        x = self.body(self.into(rows), real).float()
        count = real.sum(1, keepdim=True).clamp(min=1)
        mean = x.sum(1) / count
        spread = (x - mean[:, None]).where(real[..., None], 0.0).square().sum(1) / count
        found: Tensor = self.norm(self.out(torch.cat([mean, (spread + 1e-5).sqrt()], -1)))
        return found


class Head(nn.Module):
    """Logits of the entries of one level, by their places: a log-likelihood over the codebook.

    A place enters with its values and their squares, whose factors the context chooses: a bell
    around any place, as wide as it is sure. `learned` axes of each entry say what bells cannot.
    """

    def __init__(self, config: SayConfig, level: int) -> None:
        super().__init__()
        size, width = config.sizes[level], config.widths[level]
        self.alike = width > 16  # then all squares share a factor
        self.axes = width + (1 if self.alike else width) + config.learned
        self.hidden = config.head_channels
        self.known = nn.Linear(config.row, self.inner, bias=False) if level else None
        self.out = nn.Linear(self.hidden, self.axes)
        self.learned = nn.Parameter(0.3 * torch.randn(size, config.learned))
        self.bias = nn.Parameter(torch.zeros(size))
        nn.init.normal_(self.out.weight, std=0.01)  # at first all entries are nearly as likely
        nn.init.zeros_(self.out.bias)
        if self.known is not None:
            nn.init.normal_(self.known.weight[self.hidden :], std=0.01)

    @property
    def inner(self) -> int:
        """Channels that are read of the context: of a hidden layer, and of a way past it."""
        return self.hidden + self.axes

    def forward(
        self, context: Float[Tensor, "rows inner"], known: Float[Tensor, "rows axes"]
    ) -> Float[Tensor, "rows places"]:
        """Return what the table is multiplied with, by the context and what is known so far."""
        inner = context if self.known is None else context + self.known(known)
        hidden, direct = torch.split(inner, [self.hidden, self.axes], -1)
        found: Tensor = self.out(F.gelu(hidden)) + direct
        return found

    def table(self, entries: Float[Tensor, "size width"]) -> Float[Tensor, "size places"]:
        """Return what logits are products with: values, squares, what is learnt."""
        squares = entries.square()
        if self.alike:
            squares = squares.mean(1, keepdim=True)
        return torch.cat([entries, squares, self.learned], 1)


class Heads(nn.Module):
    """One head a level: each knows the levels before it."""

    def __init__(self, config: SayConfig, books: Books) -> None:
        super().__init__()
        self.levels = nn.ModuleList(Head(config, level) for level in range(len(config.sizes)))
        self._inner = [head.inner for head in self._heads]
        self.context = nn.Linear(config.channels, sum(self._inner))  # of all levels at once
        end = 0
        for head in self._heads:
            end += head.inner
            nn.init.normal_(self.context.weight[end - head.axes : end], std=0.01)
        self._books = (books,)  # in a tuple: it is a part of the model, not of this one

    def contexts(
        self, context: Float[Tensor, "rows channels"]
    ) -> tuple[Float[Tensor, "rows inner"], ...]:
        """Return what each head reads of the context."""
        inner: Tensor = self.context(context)
        return torch.split(inner, self._inner, -1)

    def table(self, level: int) -> Float[Tensor, "size places"]:
        """Return what the logits of a level are products with; the same until weights change."""
        return self._heads[level].table(self._books[0].entries(level))

    def bias(self, level: int) -> Float[Tensor, " size"]:
        """Return how likely each entry of a level is beforehand."""
        return self._heads[level].bias

    def read(
        self, level: int, context: Float[Tensor, "rows inner"], known: Float[Tensor, "rows axes"]
    ) -> Float[Tensor, "rows places"]:
        """Return what the table of a level is multiplied with, by its own of `contexts`."""
        found: Tensor = self.levels[level](context, known)
        return found

    def logits(
        self, level: int, context: Float[Tensor, "rows inner"], known: Float[Tensor, "rows axes"]
    ) -> Float[Tensor, "rows size"]:
        """Return the logits of a level by its own of `contexts`."""
        return F.linear(self.read(level, context, known), self.table(level), self.bias(level))

    @torch.no_grad()
    def start(self, level: int, counts: Int64[Tensor, " size"]) -> None:
        """Let entries be as likely at first as they are in what will be learnt."""
        likely = (counts + 1).double().log()
        self._heads[level].bias.copy_(likely - likely.mean())

    def loss(
        self,
        level: int,
        context: Float[Tensor, "rows inner"],
        known: Float[Tensor, "rows axes"],
        codes: Int64[Tensor, " rows"],
    ) -> Float[Tensor, ""]:
        """Return the mean surprise at the codes, in nats."""
        return F.cross_entropy(self.logits(level, context, known).float(), codes)

    @property
    def _heads(self) -> list[Head]:
        return [head for head in self.levels if isinstance(head, Head)]
