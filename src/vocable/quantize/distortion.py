"""What one token for several frames distorts, in whole numbers, and which token that is.

Rows are rounded to 12 bits first, in steps of a small part of what lies between neighbouring
entries of the codebook. From there on all is exact: sums of whole numbers are the same in any
order, so equal rows give equal costs on every machine, and in blocks of any size.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from vocable.quantize.base import Quantizer, as_levels
from vocable.quantize.spacing import spacing

STEPS = 24  # in which rows are rounded, from an entry to its neighbour
UNIT = STEPS * STEPS  # a squared distance of that much, where all entries fit into 12 bits
_MOST = (1 << 11) - 1  # of a signed number of 12 bits


class Distortion(Protocol):
    """What `AdaptiveRate` asks; weighted rows of frames are summed, with their weights behind."""

    @property
    def width(self) -> int:
        """Numbers in a row."""
        ...

    @property
    def unit(self) -> float:
        """What the squared distance of neighbouring entries costs."""
        ...

    def costs(self, sums: Int64[np.ndarray, "segments width_1"]) -> Int64[np.ndarray, " segments"]:
        """Return what segments distort, by the sums of their weighted rows and of the weights."""
        ...

    def codes(
        self, sums: Int64[np.ndarray, "segments width_1"]
    ) -> Int64[np.ndarray, "levels segments"]:
        """Return the codes of segments."""
        ...


class OfCodes:
    """Tokens of one level: what another code in place of a frame's own one distorts.

    A row holds, for each entry of the codebook, its squared distance from the frame's own: 0 for
    that one alone, all others cost at least 1. A segment gets the entry that distorts least, and
    distorts nothing only where all its frames have one code. vectors: the entries, `[size, width]`.
    """

    def __init__(self, vectors: Float[Tensor, "size width"]) -> None:
        rows = vectors.detach().cpu().double()
        rows = (rows - rows.mean(0)) * (STEPS / spacing(rows))
        # a codebook with dead entries may be far wider than its entries lie apart
        smaller = min(1.0, _MOST / max(1.0, float(rows.abs().max())))
        self.unit, rows = UNIT * smaller**2, rows * smaller
        self._entries = whole_numbers(rows).astype(np.float64)  # products below 2⁵³ are exact
        self._norms = np.square(self._entries).sum(1)
        self.width = len(self._entries)

    def rows(self, codes: Int64[np.ndarray, " frames"]) -> Int64[np.ndarray, "frames size"]:
        """Return what each entry distorts of each frame."""
        own = self._entries[codes]
        found = self._norms - 2 * (own @ self._entries.T) + self._norms[codes][:, None]
        rows: np.ndarray = np.maximum(found, 1).astype(np.int64)
        rows[np.arange(len(codes)), codes] = 0
        return rows

    def costs(self, sums: Int64[np.ndarray, "segments size_1"]) -> Int64[np.ndarray, " segments"]:
        """Return what the best entry distorts."""
        least: np.ndarray = sums[:, :-1].min(axis=1)
        return least

    def codes(self, sums: Int64[np.ndarray, "segments size_1"]) -> Int64[np.ndarray, "1 segments"]:
        """Return the best entry, of equal ones the first."""
        best: np.ndarray = sums[:, :-1].argmin(axis=1)
        return best[None]


class OfLatents:
    """Tokens of several levels: what the mean of the latents of several frames distorts of them.

    A row is a latent, in steps, and its squared norm. The mean is quantized again by all levels.
    """

    def __init__(self, quantizer: Quantizer, levels: int) -> None:
        self._quantizer, self._levels = quantizer, levels
        with torch.inference_mode():
            apart = quantizer.axis_spacing(levels)
        self._scale, self._device = STEPS / apart.cpu().double(), apart.device
        self.unit = float(UNIT)
        self.width = len(self._scale) + 1

    def rows(self, z: Float[Tensor, "frames dim"]) -> Int64[np.ndarray, "frames width"]:
        """Return the latents of frames as rows."""
        rows = whole_numbers(self._quantizer.to_axes(z[None])[0].cpu().double() * self._scale)
        return np.concatenate([rows, np.square(rows).sum(1, keepdims=True)], axis=1)

    def costs(self, sums: Int64[np.ndarray, "segments width_1"]) -> Int64[np.ndarray, " segments"]:
        """Return Σ w·|x|² - |Σ w·x|² / Σ w, rounded up."""
        means = np.square(sums[:, :-2]).sum(axis=1) // np.maximum(sums[:, -1], 1)
        costs: np.ndarray = sums[:, -2] - means
        return costs

    def codes(
        self, sums: Int64[np.ndarray, "segments width_1"]
    ) -> Int64[np.ndarray, "levels segments"]:
        """Return the codes of the means."""
        means = torch.from_numpy(sums[:, :-2] / sums[:, -1:]) / self._scale
        rows = means.float().to(self._device)[None]
        found = as_levels(self._quantizer.encode_axes(rows, self._levels))
        return np.stack([level[0].cpu().numpy() for level in found])


def whole_numbers(rows: Float[Tensor, "rows width"]) -> Int64[np.ndarray, "rows width"]:
    """Return rows rounded to signed numbers of 12 bits."""
    return rows.round().clamp(-_MOST, _MOST).to(torch.int64).numpy()
