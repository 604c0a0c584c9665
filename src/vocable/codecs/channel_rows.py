"""What a channel vocoder measures of samples, row by row: level, bands, and spectra without level.

No block here has weights; each gives the same whole and in steps. A row is a hop of samples.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.level_contours import SILENCE
from vocable.codecs.source_filter import Placed
from vocable.nn.block import tail
from vocable.ratio import Ratio
from vocable.signal.spectra import CPU, hann

_RECENT = 8  # rows: spectra are divided by the loudest of them
_QUIETEST = -75.0  # dB: what is quieter is not brought up further
_FLOOR = 1e-5  # of a band's share of a row's power


@lru_cache(maxsize=8)
@torch.inference_mode(False)
def band_shape(
    bands: int, bins: int, rate: int, device: torch.device = CPU
) -> Float[Tensor, "bands bins"]:
    """Return triangles at equal steps of the Bark scale, which add up to 1 at every bin.

    Scale: 6 asinh(f / 600), Wang, Sekey, Gersho (1992), "An objective measure for predicting
    subjective quality of speech coders". As rows they interpolate from bands to bins.
    """
    hz = torch.arange(bins, dtype=torch.float64, device=CPU) * rate / 2 / (bins - 1)
    bark = 6 * torch.asinh(hz / 600)
    place = bark / bark[-1] * (bands - 1)
    index = torch.arange(bands, dtype=torch.float64, device=CPU)[:, None]
    return (1 - (place - index).abs()).clamp(min=0).float().to(device)


def bands_told_apart(bins: int, rate: int) -> int:
    """Return how many bands of `band_shape` there may be with a bin for each, at the lowest too."""
    top = rate / 2 / 600
    return int(math.asinh(top) / math.asinh(top / (bins - 1))) + 1


class LevelRows(Placed):
    """Turn samples into levels, `[B, T, 1] -> [B, T / hop, 1]` in dB of full scale.

    The power of the last two hops under a Hann window: what a synthesis row of that window holds.
    """

    def __init__(self, hop: int) -> None:
        super().__init__()
        self.stride_in, self.ratio, self.lookahead, self.receptive = hop, Ratio(1, hop), 0, 2 * hop

    def initial_state(self, batch: int) -> Any:
        return self.zeros(batch, self.stride_in)

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        line = torch.cat([state, x[..., 0].float()], dim=1)
        hop = self.stride_in
        weights = hann(2 * hop, line.device) / hop
        power = line.square().unfold(1, 2 * hop, hop) @ weights
        floor = 10 ** (SILENCE / 10)
        return 10 * (power + floor).log10()[..., None], tail(line, line.shape[1] - hop)


class BandRows(Placed):
    """Turn samples into the shape of spectra, `[B, T, 1] -> [B, T / hop, bands]`.

    Half the logarithm of the mean power of each band over that of the row: nepers of amplitude,
    whatever the row's level. The window is the last two hops.
    """

    def __init__(self, rate: int, hop: int, bands: int) -> None:
        super().__init__()
        self.rate, self.bands = rate, bands
        self.stride_in, self.ratio, self.lookahead, self.receptive = hop, Ratio(1, hop), 0, 2 * hop

    def initial_state(self, batch: int) -> Any:
        return self.zeros(batch, self.stride_in)

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        with torch.autocast(x.device.type, enabled=False):
            line = torch.cat([state, x[..., 0].float()], dim=1)
            hop = self.stride_in
            found = torch.fft.rfft(line.unfold(1, 2 * hop, hop) * hann(2 * hop, line.device))
            power = found.real.square() + found.imag.square()
            shape = band_shape(self.bands, hop + 1, self.rate, line.device)
            means = power @ (shape / shape.sum(1, keepdim=True)).T
            share = means / (power.mean(-1, keepdim=True) + 1e-10)
            return 0.5 * (share + _FLOOR).log(), tail(line, line.shape[1] - hop)


class RelativeSpectra(Placed):
    """Turn samples into spectral features that their level does not change.

    `[B, T, 1] -> [B, T / hop, 3 · (window / 2 + 1) + 2]`: log magnitudes, real and imaginary parts
    compressed to magnitude^0.3, the row's level against the loudest of the last 8 rows, by which
    the spectrum is divided, and against the row before (both in 20 dB). The window ends with the
    hop.
    """

    def __init__(self, window: int, hop: int) -> None:
        super().__init__()
        self.size, self.stride_in = window, hop
        self.ratio, self.lookahead, self.receptive = Ratio(1, hop), 0, window + _RECENT * hop
        self.level = LevelRows(hop)

    def initial_state(self, batch: int) -> Any:
        levels = self.zeros(batch, _RECENT - 1) + SILENCE
        return (
            self.zeros(batch, self.size - self.stride_in),
            self.level.initial_state(batch),
            levels,
        )

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        past, before, levels = state
        with torch.autocast(x.device.type, enabled=False):
            found, before = self.level.step(x, before)
            levels = torch.cat([levels, found[..., 0]], dim=1)
            loudest = levels.unfold(1, _RECENT, 1).amax(-1).clamp(min=_QUIETEST)
            line = torch.cat([past, x[..., 0].float()], dim=1)
            # Divided by the window's root of power: magnitudes are near 1 at the level itself.
            window = hann(self.size, line.device) / (0.375 * self.size) ** 0.5
            taken = line.unfold(1, self.size, self.stride_in) * window
            spectra = torch.fft.rfft(taken * (10 ** (-loudest / 20))[..., None])
            magnitude = (spectra.real.square() + spectra.imag.square()).sqrt().clamp(min=1e-3)
            scale = magnitude**-0.7
            now, last = levels[:, _RECENT - 1 :], levels[:, _RECENT - 2 : -1]
            parts = [
                0.4 * magnitude.log(), spectra.real * scale, spectra.imag * scale,
                ((now - loudest) / 20).clamp(-2, 1)[..., None],
                ((now - last) / 20).clamp(-2, 2)[..., None],
            ]  # fmt: skip
            kept = tail(levels, levels.shape[1] - _RECENT + 1)
            after = tail(line, line.shape[1] - past.shape[1])
            return torch.cat(parts, dim=-1).to(x.dtype), (after, before, kept)
