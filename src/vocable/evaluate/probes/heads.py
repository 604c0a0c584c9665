"""The heads of probes: small nets over frames that answer for each frame, or for all of them.

Those of DASB in kind, and much smaller: they have to be trained on minutes of audio on a CPU.
Frames beyond the end of a recording, which fill up a batch, change nothing: they are zero before
each convolution, as the padding is, and statistics leave them out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from vocable.evaluate.probes.fronts import Mask, Rows

WIDTH = 64  # of convolutions


class Frame(nn.Module):
    """A convolution over frames, ReLU and a norm of each frame; `dim` in, `WIDTH` out."""

    def __init__(self, dim: int, kernel: int, dilation: int = 1, width: int = WIDTH) -> None:
        super().__init__()
        pad = dilation * (kernel - 1) // 2
        self.conv = nn.Conv1d(dim, width, kernel, dilation=dilation, padding=pad)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Rows, mask: Mask) -> Rows:
        """Return as many frames."""
        out: Tensor = self.norm(self.conv(_kept(x, mask).mT).mT.relu())
        return out


# ---- over frames ---------------------------------------------------------------------------------


class Linear(nn.Module):
    """Each frame by itself: what the tokens of one frame tell."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.out = dim

    def forward(self, x: Rows, mask: Mask) -> Rows:
        """Return the frames as they are; a linear map follows every head."""
        return x


class BiLSTM(nn.Module):
    """One LSTM in each direction."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.out = 2 * WIDTH
        self.lstm = nn.LSTM(dim, WIDTH, batch_first=True, bidirectional=True)

    def forward(self, x: Rows, mask: Mask) -> Rows:
        """Return as many frames."""
        lengths = mask.sum(dim=1).cpu()
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out: Tensor = pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, total_length=x.shape[1]
        )[0]
        return out


class CRDNN(nn.Module):
    """Convolutions, a BiLSTM, and a layer of each frame."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.out = WIDTH
        self.first, self.second = Frame(dim, 5), Frame(WIDTH, 5)
        self.lstm = BiLSTM(WIDTH)
        self.last = nn.Sequential(nn.Linear(self.lstm.out, WIDTH), nn.ReLU())

    def forward(self, x: Rows, mask: Mask) -> Rows:
        """Return as many frames."""
        found: Tensor = self.last(self.lstm(self.second(self.first(x, mask), mask), mask))
        return found


class Conformer(nn.Module):
    """Two blocks of Gulati et al. 2020, arXiv 2005.08100, with absolute positions."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.out = WIDTH
        self.map = nn.Linear(dim, WIDTH)
        self.blocks = nn.ModuleList([_ConformerBlock(WIDTH) for _ in range(2)])

    def forward(self, x: Rows, mask: Mask) -> Rows:
        """Return as many frames."""
        x = self.map(x) + _positions(x.shape[1], WIDTH).to(x)
        for block in self.blocks:
            x = block(x, mask)
        return x


class _ConformerBlock(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.before, self.after = _feed_forward(dim), _feed_forward(dim)
        self.norms = nn.ModuleList([nn.LayerNorm(dim) for _ in range(4)])
        self.attention = nn.MultiheadAttention(dim, 4, batch_first=True)
        self.widen, self.narrow = nn.Linear(dim, 2 * dim), nn.Linear(dim, dim)
        self.depthwise = nn.Conv1d(dim, dim, 15, padding=7, groups=dim)

    def forward(self, x: Rows, mask: Mask) -> Rows:
        x = x + self.before(x) / 2
        rows = self.norms[0](x)
        x = x + self.attention(rows, rows, rows, key_padding_mask=~mask, need_weights=False)[0]
        rows = nn.functional.glu(self.widen(self.norms[1](x)))
        rows = self.norms[2](self.depthwise(_kept(rows, mask).mT).mT)
        x = x + self.narrow(nn.functional.silu(rows))
        out: Tensor = self.norms[3](x + self.after(x) / 2)
        return out


# ---- over whole recordings -----------------------------------------------------------------------


class Pooling(nn.Module):
    """The mean of all frames, which knows nothing of their order."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.out = dim

    def forward(self, x: Rows, mask: Mask) -> Tensor:
        """Return `[batch, out]`."""
        return _mean(x, mask)


class PooledBiLSTM(nn.Module):
    """A BiLSTM, then the mean of its frames."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.lstm = BiLSTM(dim)
        self.out = self.lstm.out

    def forward(self, x: Rows, mask: Mask) -> Tensor:
        """Return `[batch, out]`."""
        return _mean(self.lstm(x, mask), mask)


class XVector(nn.Module):
    """Convolutions that see further and further, then mean and deviation over time.

    Snyder et al. 2018, "X-vectors: robust DNN embeddings for speaker recognition".
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.out = WIDTH
        self.frames = nn.ModuleList(
            [Frame(dim, 5), Frame(WIDTH, 3, 2), Frame(WIDTH, 3, 3), Frame(WIDTH, 1)]
        )
        self.map = nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, x: Rows, mask: Mask) -> Tensor:
        """Return `[batch, out]`."""
        for frame in self.frames:
            x = frame(x, mask)
        weights = mask[..., None].to(x)
        found: Tensor = self.map(_statistics(x, weights / weights.sum(dim=1, keepdim=True)))
        return found


class Ecapa(nn.Module):
    """Residual convolutions with channel attention, then attentive statistics over time.

    Desplanques et al. 2020, arXiv 2005.07143, without its split of each convolution into scales.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.out = WIDTH
        self.first = Frame(dim, 5)
        self.frames = nn.ModuleList([Frame(WIDTH, 3, dilation) for dilation in (2, 3, 4)])
        self.gates = nn.ModuleList([_gate(WIDTH) for _ in range(3)])
        self.join = nn.Linear(3 * WIDTH, 2 * WIDTH)
        self.attend = nn.Sequential(nn.Linear(6 * WIDTH, 32), nn.Tanh(), nn.Linear(32, 2 * WIDTH))
        self.map = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Rows, mask: Mask) -> Tensor:
        """Return `[batch, out]`."""
        x, found = self.first(x, mask), []
        for frame, gate in zip(self.frames, self.gates, strict=True):
            rows = frame(x, mask)
            x = x + rows * gate(_mean(rows, mask))[:, None]
            found.append(x)
        x = self.join(torch.cat(found, dim=-1)).relu()
        even = mask[..., None].to(x)
        around = _statistics(x, even / even.sum(dim=1, keepdim=True))[:, None]
        seen = torch.cat([x, around.expand(-1, x.shape[1], -1)], dim=-1)
        scores = self.attend(seen).masked_fill(~mask[..., None], -1e9)
        out: Tensor = self.map(_statistics(x, scores.softmax(dim=1)))
        return out


HEADS_OF_FRAMES: dict[str, Callable[[int], Any]] = {
    "linear": Linear,
    "bilstm": BiLSTM,
    "crdnn": CRDNN,
    "conformer": Conformer,
}
HEADS_OF_WHOLES: dict[str, Callable[[int], Any]] = {
    "pooling": Pooling,
    "bilstm": PooledBiLSTM,
    "xvector": XVector,
    "ecapa": Ecapa,
}


def _kept(x: Rows, mask: Mask) -> Rows:
    return x * mask[..., None].to(x)


def _mean(x: Rows, mask: Mask) -> Tensor:
    return _kept(x, mask).sum(dim=1) / mask.sum(dim=1, keepdim=True).to(x)


def _statistics(x: Rows, weights: Tensor) -> Tensor:
    """Return the weighted mean and deviation over frames; weights sum to 1 over them."""
    mean = (weights * x).sum(dim=1)
    spread = (weights * (x - mean[:, None]) ** 2).sum(dim=1)
    return torch.cat([mean, (spread + 1e-6).sqrt()], dim=-1)


def _gate(dim: int) -> nn.Module:
    return nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, dim), nn.Sigmoid())


def _feed_forward(dim: int) -> nn.Module:
    inner = (nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.SiLU(), nn.Linear(2 * dim, dim))
    return nn.Sequential(*inner)


def _positions(frames: int, dim: int) -> Tensor:
    at = torch.arange(frames)[:, None] * torch.exp(
        torch.arange(0, dim, 2) * (-math.log(10_000.0) / dim)
    )
    return torch.cat([at.sin(), at.cos()], dim=-1)
