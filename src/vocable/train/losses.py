"""Compare a reconstruction with its original, each loss by name and unweighted.

The weights stand in the recipe; a loss of weight 0 is not computed. Everything here runs in fp32.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.signal.spectra import mel_filters
from vocable.train.recipe import Loss

_TINY = 1e-9  # keeps the gradient of a magnitude finite where the spectrum is zero


class Reconstruction(nn.Module):
    """Losses between two signals of one rate, `[batch, channels, samples]`."""

    def __init__(self, weights: Loss, rate: int) -> None:
        super().__init__()
        self.weights = weights
        top = weights.low_band_hz / rate
        self.low_bins = {n: int(top * n) + 1 for n in weights.low_band_windows}
        for window, bands in zip(weights.mel_windows, weights.mel_bands, strict=True):
            filters = mel_filters(rate, window, bands).T.contiguous()
            self.register_buffer(f"mel{window}", filters, persistent=False)
        for window in self.windows:
            shape = torch.hann_window(window)
            self.register_buffer(f"window{window}", shape, persistent=False)

    @property
    def windows(self) -> list[int]:
        """Lengths of all the Fourier windows in use, samples."""
        loss = self.weights
        wanted = (
            *(loss.mel_windows if loss.mel else ()),
            *(loss.low_band_windows if loss.low_band else ()),
            *(loss.complex_windows if loss.complex else ()),
        )
        return sorted(set(wanted))

    def forward(
        self,
        target: Float[Tensor, "batch channels samples"],
        output: Float[Tensor, "batch channels samples"],
    ) -> dict[str, Tensor]:
        """Return the losses whose weight is not 0, each a scalar."""
        target, output = target.flatten(0, 1).float(), output.flatten(0, 1).float()
        with torch.no_grad():
            there = {n: self._spectrum(target, n) for n in self.windows}
        here = {n: self._spectrum(output, n) for n in self.windows}
        losses = {}
        if self.weights.time:
            losses["time"] = (output - target).abs().mean()
        if self.weights.mel:
            losses["mel"] = self._mel(there, here)
        if self.weights.low_band:
            losses["low_band"] = self._low_band(there, here)
        if self.weights.complex:
            pairs = [(there[n] - here[n]).square().sum(-1) for n in self.weights.complex_windows]
            losses["complex"] = _mean([(pair + _TINY).sqrt().mean() for pair in pairs])
        return losses

    def _spectrum(self, x: Tensor, window: int) -> Tensor:
        """Return `[batch, bins, frames, 2]`."""
        shape = self.get_buffer(f"window{window}")
        spectrum = torch.stft(x, window, window // 4, window=shape, return_complex=True)
        return torch.view_as_real(spectrum)

    def _mel(self, there: dict[int, Tensor], here: dict[int, Tensor]) -> Tensor:
        parts = []
        for window in self.weights.mel_windows:
            bands = self.get_buffer(f"mel{window}")
            a, b = (self._log(bands @ _magnitude(s[window])) for s in (there, here))
            parts.append((a - b).abs().mean())
        return _mean(parts)

    def _low_band(self, there: dict[int, Tensor], here: dict[int, Tensor]) -> Tensor:
        parts = []
        for window, bins in self.low_bins.items():
            a, b = (self._log(_magnitude(s[window][:, :bins])) for s in (there, here))
            parts.append((a - b).abs().mean())
        return _mean(parts)

    def _log(self, magnitude: Tensor) -> Tensor:
        return magnitude.clamp(min=self.weights.floor).log()


def _magnitude(spectrum: Tensor) -> Tensor:
    return (spectrum.square().sum(-1) + _TINY).sqrt()


def _mean(parts: list[Tensor]) -> Tensor:
    return torch.stack(parts).mean()
