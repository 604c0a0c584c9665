"""w2v-BERT 2.0: a conformer on a filterbank.

"Seamless: Multilingual Expressive and Streaming Speech Translation" (Seamless Communication 2023,
arXiv:2312.05187); the network is that of "Conformer" (Gulati et al. 2020, arXiv:2005.08100).

    kaldi's log-mel filterbank, 80 bands at 100 Hz, of samples counted in steps of 16 bits
    each band to mean 0 and variance 1 over the recording; two frames stacked, an odd last one left
    LayerNorm, a map to 1024 channels; then 24 blocks of
        x + hidden(x) / 2          x + attention(x), keys told their distance, at most 64 back, 8 on
        x + convolution(x)         x + hidden(x) / 2          LayerNorm

580 M parameters, 50 frames/s, each of 35 ms. Block outputs are normed, each by its own norm, so the
model has no final norm beside. The norm of bands needs the recording to its end: it is a sum over
frames, so parts of a recording are exact up to what attention sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Float64
from torch import Tensor, nn

from vocable.nn import LayerNorm, Linear
from vocable.nn.conv import DepthwiseConv1d
from vocable.signal.kaldi import fbank, window_and_hop
from vocable.units.body import Attention, Rows, added
from vocable.units.encoder import EncoderModel
from vocable.units.windows import Cut

FULL_SCALE = 2.0**15  # kaldi counts in steps of 16 bits
EPS = 1e-7  # added to the variance of a band
PART = 1000  # frames of the filterbank that are computed together: they stay in the cache
TILE = 256  # rows that ask together: their biases are all that is held


@dataclass(frozen=True)
class W2vBertConfig:
    """Sizes of a w2v-BERT 2.0, by default the published ones."""

    width: int = 1024
    blocks: int = 24
    heads: int = 16
    hidden: int = 4096
    bands: int = 80
    stack: int = 2  # frames of the filterbank in one of ours
    kernel: int = 31  # rows of the convolution, which sees the past only
    back: int = 64  # rows: the furthest distances that keys are told
    ahead: int = 8
    eps: float = 1e-5  # of all norms


class Bands(NamedTuple):
    """Mean, and what each band is multiplied by, over a whole recording."""

    mean: Float64[Tensor, " bands"]
    gain: Float64[Tensor, " bands"]


class DistanceAttention(Attention):
    """Attention whose scores get `query · embedding(distance)` more."""

    def __init__(self, channels: int, heads: int, back: int, ahead: int) -> None:
        super().__init__(channels, heads)
        self.back, self.ahead = back, ahead
        self.distances = nn.Parameter(torch.zeros(back + ahead + 1, channels // heads))

    def forward(self, x: Rows, lengths: Sequence[int]) -> Rows:
        """Attend within each recording."""
        parts = torch.split(self.into(x), list(lengths), 1)
        return self.joined([self._attend(*self.apart(part)) for part in parts])

    def _attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        rows, found = query.shape[2], []
        place = torch.arange(rows, device=query.device)
        for start in range(0, rows, TILE):
            asking = query[:, :, start : start + TILE]
            told = asking @ self.distances.T * query.shape[3] ** -0.5
            apart = (place - place[start : start + TILE, None]).clamp(-self.back, self.ahead)
            bias = told.gather(3, (apart + self.back).expand(*told.shape[:2], -1, -1))
            found.append(F.scaled_dot_product_attention(asking, key, value, bias))
        return torch.cat(found, 2)


class ConvolutionModule(nn.Module):
    """Gated channels, a convolution of each channel over the past, and a map back."""

    def __init__(self, channels: int, kernel: int, eps: float) -> None:
        super().__init__()
        self.norm = LayerNorm(channels, eps=eps)
        self.into = Linear(channels, 2 * channels, bias=False)
        self.depthwise = DepthwiseConv1d(channels, kernel, pad=(kernel - 1, 0), bias=False)
        self.inner_norm = LayerNorm(channels, eps=eps)
        self.out = Linear(channels, channels, bias=False)

    def forward(self, x: Rows, lengths: Sequence[int]) -> Rows:
        """Return what is added to the rows."""
        gated = F.glu(self.into(self.norm(x)), 2)
        seen = torch.cat([self.depthwise(part) for part in torch.split(gated, list(lengths), 1)], 1)
        y: Tensor = self.out(F.silu(self.inner_norm(seen)))
        return y


class HalfHidden(nn.Module):
    """A norm and a hidden layer, which counts half."""

    def __init__(self, channels: int, hidden: int, eps: float) -> None:
        super().__init__()
        self.norm = LayerNorm(channels, eps=eps)
        self.up, self.down = Linear(channels, hidden), Linear(hidden, channels)

    def forward(self, x: Rows) -> Rows:
        """Return what is added to the rows."""
        y: Tensor = self.down(F.silu(self.up(self.norm(x))))
        return 0.5 * y


class ConformerBlock(nn.Module):
    """Two half hidden layers around attention and convolution."""

    def __init__(self, config: W2vBertConfig) -> None:
        super().__init__()
        width, eps = config.width, config.eps
        self.before = HalfHidden(width, config.hidden, eps)
        self.attention_norm = LayerNorm(width, eps=eps)
        self.attention = DistanceAttention(width, config.heads, config.back, config.ahead)
        self.convolution = ConvolutionModule(width, config.kernel, eps)
        self.after = HalfHidden(width, config.hidden, eps)
        self.norm = LayerNorm(width, eps=eps)

    def forward(self, x: Rows, lengths: Sequence[int]) -> Rows:
        """Return the block's output."""
        x = added(x, self.before(x))
        x = added(x, self.attention(self.attention_norm(x), lengths))
        x = added(x, self.convolution(x, lengths))
        y: Tensor = self.norm(added(x, self.after(x)))
        return y


class W2vBert(EncoderModel):
    """The filterbank and the conformer."""

    name = "w2v-bert"
    normalize = True  # each band of the filterbank

    def __init__(self, config: W2vBertConfig) -> None:
        super().__init__(config)
        self.layers = config.blocks
        self.frame, self.step = window_and_hop(self.rate)  # of the filterbank
        self.hop = self.step * config.stack
        self.window = self.frame + self.step * (config.stack - 1)
        self.norm = LayerNorm(config.bands * config.stack, eps=config.eps)
        self.project = Linear(config.bands * config.stack, config.width)
        self.blocks = nn.ModuleList(ConformerBlock(config) for _ in range(config.blocks))

    def channels(self, layer: int) -> int:
        """Return the width of the blocks, which all layers have."""
        return int(self.config.width)

    def look(self, blocks: Iterable[Float[Tensor, " _"]]) -> Bands:
        """Return the statistics of the bands, those of an odd last frame among them."""
        total = squares = torch.zeros(self.config.bands, dtype=torch.float64, device="cpu")
        frames = 0
        for part, _ in Cut(PART * self.step, after=self.frame - self.step).parts(blocks):
            found = self._bank(part).double()
            total = total.to(found.device) + found.sum(0)
            squares = squares.to(found.device) + found.square().sum(0)
            frames += len(found)
        mean = total / max(frames, 1)
        variance = (squares - frames * mean.square()) / max(frames - 1, 1)
        return Bands(mean, (variance.clamp(min=0) + EPS).rsqrt())

    def front(self, x: Float[Tensor, " time"], whole: Bands) -> Float[Tensor, "1 frames channels"]:
        """Return stacked frames of a part of a recording, mapped to the blocks' width."""
        bands = ((self._bank(x) - whole.mean) * whole.gain).to(x.dtype)
        frames = len(bands) // self.config.stack
        rows = bands[: frames * self.config.stack].reshape(1, frames, -1)
        y: Tensor = self.project(self.norm(rows))
        return y

    def body(
        self,
        rows: Float[Tensor, "1 rows channels"],
        lengths: Sequence[int],
        layer: int,
        final_norm: bool = False,
    ) -> Float[Tensor, "1 rows channels_out"]:
        """Return a layer of rows of several recordings, one behind the other."""
        for block in list(self.blocks)[:layer]:
            rows = block(rows, lengths)
        return rows

    def _bank(self, x: Tensor) -> Float[Tensor, "frames bands"]:
        found = [
            fbank(part * FULL_SCALE, self.rate, self.config.bands)
            for part, _ in Cut(PART * self.step, after=self.frame - self.step).parts([x])
        ]
        return found[0] if len(found) == 1 else torch.cat(found)
