"""Conv-TasNet: part the speakers of a recording by masks over learned filters.

"Conv-TasNet: Surpassing Ideal Time-Frequency Magnitude Masking for Speech Separation", Luo and
Mesgarani 2019, arXiv:1809.07454. An encoder of short filters, a stack of dilated convolutions that
gives each speaker a mask over them, and a decoder that adds the masked filters up.

    form                norm            reads                       runs
    the paper's         "global"        all of the recording        whole
    causal              "cumulative"    what has come, and the      whole or in steps, late by
                        or "frame"      rest of the filter          window - stride samples

Differences from the paper: the recording is followed by `window - stride` zeros, so that each
sample has all of its filters; and where `consistent`, what the parts lack of the recording is
given to each of them in equal shares (Wisdom et al. 2019, arXiv:1811.08521): they add up to it, at
its level, though a scale-invariant loss would not care. With `filterbank="fourier"` the filters are
those of a short-time transform, and masks, which are made of magnitudes, are of bins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn import (
    Block,
    Conv1d,
    ConvTranspose1d,
    CumulativeNorm,
    DepthwiseConv1d,
    GroupNorm,
    LayerNorm,
    Linear,
    PReLU,
    Stack,
    State,
)
from vocable.separation.spectra import Overlapped, Spectra

_EPS = 1e-8  # of the norms, as published
_LEAST = 1e-10  # power of a bin, for a gradient where there is none
_MOST = 6  # speakers: all their orders are tried
_Run = Callable[[Block, Tensor], Tensor]


@dataclass(frozen=True)
class ConvTasNetConfig:
    """Sizes of a Conv-TasNet; the letters are the paper's."""

    rate: int = 16_000  # Hz
    speakers: int = 2  # C
    filters: int = 128  # N
    window: int = 32  # L, samples of a filter
    stride: int = 16  # samples from one frame to the next; divides window
    bottleneck: int = 64  # B, channels between the blocks
    skip: int = 64  # Sc, channels of each block that the masks are made of
    hidden: int = 128  # H, channels in a block
    kernel: int = 3  # P, frames
    blocks: int = 6  # X, of dilations 1, 2, 4 … frames
    repeats: int = 2  # R, of all blocks
    norm: Literal["global", "cumulative", "frame"] = "cumulative"
    causal: bool = True
    mask: Literal["sigmoid", "relu"] = "sigmoid"
    rectified: bool = False  # whether filters count where they are positive only
    consistent: bool = True  # whether the parts add up to the recording
    filterbank: Literal["learned", "fourier"] = "learned"  # fourier: filters are window / 2 + 1

    def __post_init__(self) -> None:
        for name in ("rate", "filters", "stride", "bottleneck", "skip", "hidden", "kernel",
                     "blocks", "repeats"):  # fmt: skip
            if getattr(self, name) < 1:
                raise ModelError(f"{name} is {getattr(self, name)}; wanted 1 or more")
        if not 2 <= self.speakers <= _MOST:
            raise ModelError(f"speakers is {self.speakers}; wanted 2 to {_MOST}")
        if self.window < self.stride or self.window % self.stride:
            raise ModelError(
                f"window is {self.window} samples; wanted a multiple of stride, {self.stride}"
            )
        if self.causal and self.norm == "global":
            raise ModelError(
                "the norm global needs all of the recording; causal takes cumulative or frame"
            )
        if self.filterbank == "fourier":
            self._check_fourier()
        if not self.causal and self.kernel % 2 == 0:
            raise ModelError(f"kernel is {self.kernel}; without causal it must be odd")

    def _check_fourier(self) -> None:
        if self.window % 2 or self.window < 2 * self.stride:
            raise ModelError(
                f"window is {self.window} samples; spectra take an even one of two strides, "
                f"{2 * self.stride}, or more"
            )
        if self.filters != self.window // 2 + 1:
            raise ModelError(
                f"filters is {self.filters}; spectra of {self.window} samples have "
                f"{self.window // 2 + 1}"
            )
        if self.rectified:
            raise ModelError("rectified is of filters that are learnt; leave it out for spectra")

    @property
    def late(self) -> int:
        """Samples that the causal form waits for after those that it gives."""
        return self.window - self.stride


class ConvTasNet(Block):
    """Sound `[batch, samples, 1]` to that of each speaker, `[batch, samples, speakers]`.

    samples: a multiple of `config.stride`. The speakers come in an order of the network's own.
    """

    def __init__(self, config: ConvTasNetConfig) -> None:
        super().__init__()
        self.config = config
        self.stride_in, self.channels_out = config.stride, config.speakers
        self.lookahead = config.late if config.causal else None
        self.receptive = self._receptive()
        self._widths = [config.bottleneck, config.skip]
        self.encoder = _encoder(config)
        self.entry = Stack(_norm(config, config.filters), Linear(config.filters, config.bottleneck))
        dilations = [2**block for _ in range(config.repeats) for block in range(config.blocks)]
        self.units = nn.ModuleList(_unit(config, dilation) for dilation in dilations)
        self.head = Stack(PReLU(), Linear(config.skip, config.speakers * config.filters))
        self.decoder = _decoder(config)

    def forward(
        self, x: Float[Tensor, "batch samples 1"]
    ) -> Float[Tensor, "batch samples speakers"]:
        """Part whole sound."""
        return self._parts(self._filtered(self.encoder(x)), x, lambda block, rows: block(rows))

    def initial_state(self, batch: int) -> State:
        """Return the states of all blocks, and the samples whose parts are still to come."""
        first = self.encoder.initial_state(batch)
        inner = tuple(block.initial_state(batch) for block in self._in_order())
        return first, inner, self.zeros(batch, 0, 1)

    def step(
        self, x: Float[Tensor, "batch samples 1"], state: State
    ) -> tuple[Float[Tensor, "batch samples_out speakers"], State]:
        """Part what is complete. ModelError where the form is not causal."""
        if not self.config.causal:
            raise ModelError(
                "this Conv-TasNet reads all of a recording, so it has no steps; run it whole, or "
                "take a causal one"
            )
        first, inner, waiting = state
        frames, first = self.encoder.step(x, first)
        y, inner, waiting = self._stepped(frames, inner, torch.cat((waiting, x), 1))
        return y, (first, inner, waiting)

    def finish(self, state: State) -> Float[Tensor, "batch rest speakers"]:
        """Part what waited for the end."""
        first, inner, waiting = state
        return self._stepped(self.encoder.finish(first), inner, waiting)[0]

    def _stepped(
        self, frames: Tensor, states: State, samples: Tensor
    ) -> tuple[Tensor, State, Tensor]:
        """Return the parts that frames complete, the states after them, and what still waits."""
        before, after = iter(states), []

        def run(block: Block, rows: Tensor) -> Tensor:
            y, state = block.step(rows, next(before))
            after.append(state)
            return y

        done = frames.shape[1] * self.config.stride
        y = self._parts(self._filtered(frames), samples[:, :done], run)
        return y, tuple(after), samples[:, done:].clone()

    def _filtered(self, frames: Tensor) -> Tensor:
        return frames.relu() if self.config.rectified else frames

    def _sizes(self, frames: Tensor) -> Tensor:
        """Return what masks are made of, one number a filter."""
        if self.config.filterbank == "learned":
            return frames
        real, imaginary = frames.chunk(2, 2)
        return (real.square() + imaginary.square() + _LEAST).sqrt()

    def _parts(self, frames: Tensor, samples: Tensor, run: _Run) -> Tensor:
        """Return the parts of the sound whose filters are given; `run` applies a block."""
        found = torch.cat([run(self.decoder, masked) for masked in self._masked(frames, run)], 2)
        if not self.config.consistent:
            return found
        lacking = samples - found.sum(2, keepdim=True)
        return found + lacking / self.config.speakers

    def _masked(self, frames: Tensor, run: _Run) -> list[Tensor]:
        """Return the filters of each speaker, `[batch, frames, filters]`."""
        x, skips = run(self.entry, self._sizes(frames)), []
        for unit in self._units():
            added, skip = torch.split(run(unit, x), self._widths, 2)
            x = x + added
            skips.append(skip)
        scores = run(self.head, sum(skips[1:], skips[0]))
        masks = scores.sigmoid() if self.config.mask == "sigmoid" else scores.relu()
        each = frames.shape[2] // self.config.filters  # numbers that a mask is of
        return [frames * mask.repeat(1, 1, each) for mask in masks.chunk(self.config.speakers, 2)]

    def _in_order(self) -> list[Block]:
        """Return the blocks in the order in which `_parts` runs them."""
        return [self.entry, *self._units(), self.head, *repeat(self.decoder, self.config.speakers)]

    def _units(self) -> list[Any]:
        return list(self.units)

    def _receptive(self) -> int | None:
        """Return the samples that one of the parts depends on; None: all before it."""
        config = self.config
        if not config.causal or config.norm == "cumulative":
            return None
        frames: int = (config.kernel - 1) * (2**config.blocks - 1) * config.repeats
        return frames * config.stride + 2 * config.window - config.stride


def _encoder(config: ConvTasNetConfig) -> Block:
    """Return what turns samples into frames of filters."""
    window, stride = config.window, config.stride
    if config.filterbank == "fourier":
        return Spectra(window, stride)
    ends = (0, config.late)
    return Conv1d(1, config.filters, window, stride=stride, pad=ends, bias=False)


def _decoder(config: ConvTasNetConfig) -> Block:
    """Return what turns frames of filters into samples."""
    window, stride = config.window, config.stride
    if config.filterbank == "fourier":
        return Overlapped(window, stride)
    return ConvTranspose1d(config.filters, 1, window, stride=stride, bias=False)


def _unit(config: ConvTasNetConfig, dilation: int) -> Stack:
    """Return a block: `[…, bottleneck]` to what is added to it, and what the masks are made of."""
    reach = (config.kernel - 1) * dilation
    pad = (reach, 0) if config.causal else (reach // 2, reach // 2)
    return Stack(
        Linear(config.bottleneck, config.hidden),
        PReLU(),
        _norm(config, config.hidden),
        DepthwiseConv1d(config.hidden, config.kernel, dilation=dilation, pad=pad),
        PReLU(),
        _norm(config, config.hidden),
        Linear(config.hidden, config.bottleneck + config.skip),
    )


def _norm(config: ConvTasNetConfig, channels: int) -> Block:
    if config.norm == "global":
        return GroupNorm(1, channels, eps=_EPS)
    if config.norm == "cumulative":
        return CumulativeNorm(channels, eps=_EPS)
    return LayerNorm(channels, eps=_EPS)
