"""Round each channel to one of a few learned values: softly in training, hard afterwards.

"Soft-to-Hard Vector Quantization for End-to-End Learning Compressible Representations" (Agustsson
et al. 2017, arXiv:1704.00648), of single numbers, as neural audio codecs took it over from
Kankanahalli (2018, arXiv:1710.09064), HARP-Net among them (arXiv:2107.10843).
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.quantize.base import Health, LevelCodes, Quantized, Quantizer, as_levels
from vocable.quantize.health import count_codes, usable
from vocable.quantize.precision import full_precision

WIDEST = 0.8  # of the values before training


class SoftChoice(nn.Module):
    """A few values, and how sharply a number chooses among them."""

    def __init__(self, size: int, sharpness: float) -> None:
        super().__init__()
        places = [WIDEST * (2 * number / (size - 1) - 1) for number in range(size)]
        self.values = nn.Parameter(torch.tensor(places, dtype=torch.float32))
        self.sharpness = nn.Parameter(torch.tensor(math.log(sharpness), dtype=torch.float32))

    def forward(self, x: Float[Tensor, "*numbers"]) -> Float[Tensor, "*numbers size"]:
        """Return the weights of all values for each number; they sum to 1."""
        return (-self.sharpness.exp() * (x[..., None] - self.values).abs()).softmax(-1)

    def nearest(self, x: Float[Tensor, "*numbers"]) -> Int[Tensor, "*numbers"]:
        """Return which value is nearest to each number."""
        values, order = self.values.sort()
        return order[torch.bucketize(x, (values[1:] + values[:-1]) / 2)]


class SoftScalars(Quantizer):
    """Quantize each of ``dim`` channels, a level each, to the nearest of ``size`` values.

    All channels share the values, which learn, and so does how hard training chooses: there a
    number becomes the mean of all values, weighed by the softmax of its distances times
    ``sharpness``. The loss ``entropy`` is that of the mean weights, in nats, summed over channels:
    what an entropy coder spends. Channels stand beside each other, so all levels decode together.

    Laws: ``decode(encode(z)) == forward(z).z`` in evaluation; ``encode(decode(codes)) == codes``
    while the values differ. All is computed in fp32; a NaN gets the code of the greatest value.
    """

    def __init__(self, dim: int, size: int, *, sharpness: float = 40.0) -> None:
        super().__init__()
        if dim < 1 or size < 2 or sharpness <= 0:
            raise ModelError(
                f"{dim} channels of {size} values with sharpness {sharpness}; give 1 channel or "
                "more, 2 values or more, and a sharpness above 0"
            )
        self.dim, self.levels, self.prefixes = dim, (size,) * dim, (dim,)
        self.choice = SoftChoice(size, sharpness)

    def encode(
        self, z: Float[Tensor, "batch frames dim"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        self.wanted_levels(levels)
        with torch.no_grad(), full_precision(z.device.type):
            return self.choice.nearest(z.float()).transpose(1, 2)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        self.check_codes(codes)
        return self.choice.values[torch.stack(as_levels(codes), 2)]

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        with full_precision(z.device.type):
            z = z.float()
            codes = self.encode(z)
            y, losses = self.decode(codes), {}
            if self.choice.training:
                weights = self.choice(z)
                y, mean = weights @ self.choice.values, weights.mean((0, 1))
                losses["entropy"] = -(mean * mean.clamp(min=1e-10).log()).sum()
            return Quantized(y, codes, losses, self._health(z.detach(), y.detach(), codes))

    @torch.no_grad()
    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        """Put the values where equally many of all numbers lie around each."""
        numbers = latents[usable(latents)].float().flatten().sort().values
        size = self.levels[0]
        middles = (2 * torch.arange(size, device=numbers.device) + 1) * len(numbers) // (2 * size)
        self.choice.values.copy_(numbers[middles])

    def _health(self, z: Tensor, y: Tensor, codes: Tensor) -> Health:
        """Return that of all levels; each leaves what those behind it have, and its own error."""
        known = usable(z)
        whole, error = (x[known].square().sum(0) for x in (z, z - y))
        left = whole.sum() - whole.cumsum(0) + error.cumsum(0)
        counts = tuple(count_codes(row, self.levels[0], known) for row in codes.unbind(1))
        return Health(counts, torch.cat([whole.sum()[None], left]), (~known).sum())
