"""The losses seam: what else a codebook is to be like, beside near to its vectors.

Entropy: as MaskGIT's tokenizer has it (Chang et al. 2022, arXiv:2202.04200) and LFQ, whose loss
it is for the corners of a cube. Balance and apart: "ERVQ: Enhanced Residual Vector Quantization
with Intra-and-Inter-Codebook Optimization for Neural Audio Codecs" (Zheng et al. 2024,
arXiv:2410.12359), with SSIM as in its authors' CFMDCTCodec. There chosen entries are counted, which
gives no gradient; here a vector's code is as likely as its distance says.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.quantize.health import usable

SHARPNESS = 100.0  # of the chances of codes, per squared distance
REACH, SPREAD = 5, 1.5  # of SSIM's window, to each side, and its standard deviation
STEADY = 0.01**2, 0.03**2  # what keeps SSIM's quotients from dividing by nothing


@dataclass(frozen=True)
class Assigned:
    """What one level did in a step, with gradient."""

    x: Float[Tensor, "batch tokens width"]  # the vectors that were searched for
    entries: Float[Tensor, "size width"]
    value: Float[Tensor, "batch frames dim"]  # what the chosen entries stand for


class CodebookLoss(ABC):
    """A loss of all levels of a residual quantizer, under a name of its own."""

    name: str
    of_entries = False  # True where it is nothing without a gradient to the entries

    @abstractmethod
    def of(self, levels: Sequence[Assigned]) -> Float[Tensor, ""]:
        """Return the loss, a mean over the levels."""


@dataclass(frozen=True)
class Entropy(CodebookLoss):
    """Each vector shall be sure of its code, all together of none: `E[H(p)] - H(E[p])`, in nats.

    ``p`` of a vector is the softmax of ``-sharpness`` times its squared distances to the entries.
    """

    sharpness: float = SHARPNESS
    name = "entropy"

    def of(self, levels: Sequence[Assigned]) -> Float[Tensor, ""]:
        each = [_sure(at, self.sharpness) - _spread(at, self.sharpness) for at in levels]
        return torch.stack(each).mean()


@dataclass(frozen=True)
class Balance(CodebookLoss):
    """All entries shall be equally likely: by how much `H(E[p])` falls short of log(size), nats."""

    sharpness: float = SHARPNESS
    name = "balance"

    def of(self, levels: Sequence[Assigned]) -> Float[Tensor, ""]:
        short = [math.log(len(at.entries)) - _spread(at, self.sharpness) for at in levels]
        return torch.stack(short).mean()


@dataclass(frozen=True)
class Apart(CodebookLoss):
    """Neighbouring levels shall say different things: the SSIM of what they stand for, -1 to 1.

    Latents are pictures of frames × channels. For entries that learn by gradient.
    """

    name, of_entries = "apart", True

    def of(self, levels: Sequence[Assigned]) -> Float[Tensor, ""]:
        if len(levels) < 2:
            return levels[0].value.sum() * 0.0
        pairs = pairwise(at.value for at in levels)
        return torch.stack([similarity(a, b) for a, b in pairs]).mean()


def similarity(
    a: Float[Tensor, "batch rows columns"], b: Float[Tensor, "batch rows columns"]
) -> Float[Tensor, ""]:
    """Return the mean SSIM of pictures of values about ±1 (Wang et al. 2004), zeros around them."""
    both = torch.stack([a, b, a * a, b * b, a * b], 1)
    mean_a, mean_b, square_a, square_b, product = _blurred(both).unbind(1)
    means, product = 2 * mean_a * mean_b, 2 * (product - mean_a * mean_b)
    squares = mean_a.square() + mean_b.square()
    variances = square_a + square_b - squares
    first, second = STEADY
    alike = (means + first) * (product + second) / ((squares + first) * (variances + second))
    return alike.mean()


def _blurred(x: Tensor) -> Tensor:
    """Return pictures `[batch, kinds, rows, columns]` under a Gaussian window."""
    at = torch.arange(-REACH, REACH + 1, dtype=x.dtype, device=x.device)
    window = torch.softmax(-at.square() / (2 * SPREAD**2), 0)
    kinds = x.shape[1]
    for shape, pad in (((-1, 1), (REACH, 0)), ((1, -1), (0, REACH))):
        weight = window.view(1, 1, *shape).expand(kinds, 1, *shape)
        x = F.conv2d(x, weight, padding=pad, groups=kinds)
    return x


def _chances(at: Assigned, sharpness: float) -> tuple[Tensor, Tensor]:
    """Return the log chances of each vector's code, `[rows, size]`, and the vectors' shares."""
    known = usable(at.x).flatten()
    x = torch.where(known[:, None], at.x.flatten(0, 1), 0.0)
    scores = 2 * x @ at.entries.T - at.entries.square().sum(1)
    share = known.float() / known.sum().clamp(min=1)
    return (sharpness * scores).log_softmax(1), share[:, None]


def _sure(at: Assigned, sharpness: float) -> Tensor:
    """Return the mean entropy of a vector's code."""
    logs, share = _chances(at, sharpness)
    return -(share * logs.exp() * logs).sum()


def _spread(at: Assigned, sharpness: float) -> Tensor:
    """Return the entropy of the codes of all vectors together."""
    logs, share = _chances(at, sharpness)
    mean = (share * logs.exp()).sum(0)
    return -(mean * mean.clamp(min=torch.finfo(mean.dtype).tiny).log()).sum()
