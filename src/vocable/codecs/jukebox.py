"""Jukebox's VQ-VAE: music at three rates, each by an encoder, a codebook and a decoder of its own.

"Jukebox: A Generative Model for Music" (Dhariwal et al. 2020, arXiv:2005.00341).

    model    Hz      samples a token  tokens/s           levels × size  bits/s
    jukebox  44 100  128, 32, 8       345, 1378, 5512.5  3 × 2048       3790, 15 159, 60 638 alone

    encoder    for each rate, convolutions by two and residual units whose dilations grow, and again
    decoder    the mirror image, for each rate

Levels are the rates, coarsest first. None needs another, but a prefix is what language models
have of a recording: the coarsest, then those of the finer rates below it. It is decoded by its
finest level alone, by that level's decoder; the coarser ones beside it add nothing to the sound.
So all three decode as the authors' code decodes level 0, one level as it decodes level 2.

Everything is symmetric: it streams, and waits for what the widest dilations see.

Differences from the authors' code: none in the function. A recording that ends inside a coarsest
token is filled up with silence. They train all decoders in each step; here each item of a batch
is decoded at a rate that is drawn for it. Codebooks begin and revive as SoundStream's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import mul
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.codecs.codec_model import CodecModel, CodecOutput
from vocable.codecs.codes import Codes, as_codes
from vocable.codecs.model import untrained
from vocable.errors import ModelError
from vocable.nn import Abreast, Block, Conv1d, ConvTranspose1d, LeakyReLU, Residual, Stack, State
from vocable.quantize import ConcatenatedQuantizer, ResidualVQ
from vocable.tokens import Level, TokenSpec

KERNEL = 3  # of all convolutions that keep the rate


@dataclass(frozen=True)
class JukeboxConfig:
    """The sizes of Jukebox's VQ-VAE; what is of each level begins with the finest, as published."""

    rate: int = 44_100  # Hz
    downs: tuple[int, ...] = (3, 2, 2)  # halvings from the level before; from sound, of the first
    width: int = 32  # channels of the units
    depth: int = 4  # units at each rate
    multipliers: tuple[int, ...] = (2, 1, 1)  # of width and depth, of each level
    growth: int = 3  # of dilations, from unit to unit
    latent: int = 64  # channels of a token
    size: int = 2048  # entries of each codebook

    def __post_init__(self) -> None:
        if not self.downs or min(self.downs) < 1 or len(self.multipliers) != len(self.downs):
            raise ModelError(
                f"downs are {self.downs} with multipliers {self.multipliers}; give one of each a "
                "level, from 1"
            )

    @property
    def hops(self) -> tuple[int, ...]:
        """Samples a token, of each level."""
        return tuple(accumulate((2**n for n in self.downs), mul))


def jukebox() -> JukeboxConfig:
    """Return the sizes of the published one."""
    return JukeboxConfig()


PUBLISHED = (jukebox,)


def _units(c: JukeboxConfig, level: int, *, widest_first: bool) -> list[Block]:
    """Return the residual units of one rate."""
    width, depth = c.width * c.multipliers[level], c.depth * c.multipliers[level]
    dilations = [c.growth**n for n in range(depth)]
    return [
        Residual(
            Stack(
                LeakyReLU(),
                Conv1d(width, width, KERNEL, dilation=dilation, pad=(dilation, dilation)),
                LeakyReLU(),
                Conv1d(width, width, 1),
            )
        )
        for dilation in (dilations[::-1] if widest_first else dilations)
    ]


def encoder(c: JukeboxConfig, level: int) -> Stack:
    """Return `[B, T, 1] -> [B, T / hop, latent]`, by way of the rates of all finer levels."""
    width, parts, wide = c.width * c.multipliers[level], list[Block](), 1
    for downs in c.downs[: level + 1]:
        blocks: list[Block] = []
        for number in range(downs):
            halving = Conv1d(width if number else wide, width, 4, stride=2, pad=(1, 1))
            blocks.append(Stack(halving, *_units(c, level, widest_first=False)))
        parts.append(Stack(*blocks, _same(width, c.latent)))
        wide = c.latent
    return Stack(*parts)


def decoder(c: JukeboxConfig, level: int) -> Stack:
    """Return `[B, F, latent] -> [B, F · hop, 1]`."""
    width, parts = c.width * c.multipliers[level], list[Block]()
    for downs in c.downs[level::-1]:
        blocks: list[Block] = [_same(c.latent, width)]
        for number in range(downs):
            wide = c.latent if number == downs - 1 else width
            doubling = ConvTranspose1d(width, wide, 4, stride=2, trim=(1, 1))
            blocks.append(Stack(*_units(c, level, widest_first=True), doubling))
        parts.append(Stack(*blocks))
    return Stack(*parts, _same(c.latent, 1))


def _same(channels_in: int, channels_out: int) -> Conv1d:
    return Conv1d(channels_in, channels_out, KERNEL, pad=(1, 1))


class Chosen(Block):
    """One of several blocks, which the last channel of its rows names; it gets its own channels.

    repeats: how often a row of each stands. A stream keeps its block.
    """

    channels_out = 1

    def __init__(self, blocks: Sequence[Block], repeats: Sequence[int]) -> None:
        super().__init__()
        self.blocks, self.repeats = nn.ModuleList(blocks), tuple(repeats)
        self.stride_in, self.ratio = math.lcm(*repeats), blocks[-1].ratio
        pairs = list(zip(blocks, repeats, strict=True))
        self.lookahead = max((b.lookahead or 0) * n for b, n in pairs)
        self.receptive = max(((b.receptive or 1) + 1) * n for b, n in pairs)

    def settled(self, rows: int) -> int:
        """Return how many samples are final, whichever block is named."""
        pairs = zip(self._members(), self.repeats, strict=True)
        return min(block.settled(rows // repeats) for block, repeats in pairs)

    def forward(self, x: Float[Tensor, "batch time channels"]) -> Float[Tensor, "batch time_out 1"]:
        """Run the block that each item names."""
        named = _named(x)
        y = x.new_zeros(len(x), x.shape[1] * int(self.ratio), 1)
        for number in sorted(set(named.tolist())):
            items = (named == number).nonzero()[:, 0]
            found = self._members()[number](self._rows(x[items], number))
            y = y.to(found.dtype).index_copy(0, items, found)
        return y

    def initial_state(self, batch: int) -> State:
        """Return the states of all blocks, and the number of none."""
        states = tuple(block.initial_state(batch) for block in self._members())
        return states, torch.full((batch, 1), -1, device=self.zeros(0).device)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out 1"], State]:
        """Step the block that the rows name."""
        if not x.shape[1]:
            return self.zeros(len(x), 0, 1), state
        named = _named(x)[:, None]
        if bool((named != named[:1]).any()) or bool(((state[1] >= 0) & (state[1] != named)).any()):
            raise ModelError("a stream keeps its number of levels, and so do streams of a batch")
        number, states = int(named[0]), list(state[0])
        y, states[number] = self._members()[number].step(self._rows(x, number), states[number])
        return y, (tuple(states), named)

    def finish(self, state: State) -> Float[Tensor, "batch rest 1"]:
        """Finish the block that was named."""
        number = int(state[1][0])
        if number < 0:
            return self.zeros(len(state[1]), 0, 1)
        return self._members()[number].finish(state[0][number])

    def _rows(self, x: Tensor, number: int) -> Tensor:
        """Return a block's own channels, each row once."""
        own = x[..., :-1].chunk(len(self.repeats), 2)[number]
        return own[:, :: self.repeats[number]].contiguous()

    def _members(self) -> tuple[Block, ...]:
        return tuple(self.blocks._modules.values())  # type: ignore[arg-type]


def _named(x: Tensor) -> Tensor:
    # a row that is NaN gives NaN anyhow, and would be no number
    return x[:, 0, -1].nan_to_num(0.0, 0.0, 0.0).long()


class Jukebox(CodecModel):
    """Jukebox's VQ-VAE, as its config says."""

    not_exported: ClassVar[str] = "its decoder is told how many levels it gets"
    config: JukeboxConfig

    def __init__(self, config: JukeboxConfig) -> None:
        c, hops = config, config.hops[::-1]
        strides = [hop // hops[-1] for hop in hops]
        found = ConcatenatedQuantizer(
            [ResidualVQ(c.latent, (c.size,), strides=(stride,)) for stride in strides], alone=True
        )
        spec = TokenSpec(
            untrained("jukebox"),
            rate=c.rate,
            frame=hops[-1],
            channels=1,
            levels=tuple(Level(c.size, stride) for stride in strides),
            prefixes=found.prefixes,
        )
        super().__init__(config, spec)
        order = range(len(hops) - 1, -1, -1)  # levels, as published, of ours
        self.encoder = Abreast(*(encoder(c, level) for level in order), repeats=strides)
        self.quantizer = found
        self.decoder = Chosen([decoder(c, level) for level in order], strides)

    def forward(self, x: Float[Tensor, "batch channels time"]) -> CodecOutput:
        """Encode, and decode each item at a rate that is drawn for it; in evaluation the finest."""
        found = self.quantizer(self.encoder(self._rows(x)))
        last = len(self.spec.levels) - 1
        named = torch.full((len(x),), last, device=x.device)
        if self.training:
            named = torch.randint(last + 1, named.shape, device=x.device)
        z = torch.cat((found.z, _spread(named.to(found.z), found.z)), 2)
        audio = self.decoder(z).transpose(1, 2)[..., : x.shape[2]]
        return CodecOutput(audio, as_codes(found.codes), found.losses, found.health, found)

    def _latents(self, codes: Codes) -> Tensor:
        """Return what the levels stand for, and the number of the finest beside it."""
        return F.pad(super()._latents(codes), (0, 1), value=float(len(codes) - 1))


def _spread(named: Tensor, z: Tensor) -> Tensor:
    return named[:, None, None].expand(-1, z.shape[1], 1)
