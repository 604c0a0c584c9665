"""Compare a codec's output with its target, each loss by name and unweighted.

The weights are in the recipe; a loss of weight 0 is not computed. Everything here runs in fp32.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import RecipeError
from vocable.signal import disturbance
from vocable.signal.spectra import hann, magnitude, mel_filters, spectrum
from vocable.train.codec.recipe import Loss

_SILENCE = 1e-7  # power, -70 dB of full scale
_TINY = 1e-9  # keeps the gradient of a distance finite where there is none


class ReconstructionLoss(nn.Module):
    """Losses between two signals of one rate, `[batch, channels, samples]`."""

    def __init__(self, weights: Loss, rate: int) -> None:
        super().__init__()
        self.weights, self.rate = weights, rate
        self.bands = dict(zip(weights.mel_windows, weights.mel_bands, strict=True))
        top = weights.low_band_hz / rate
        if weights.pesq and rate != disturbance.RATE:
            raise RecipeError(
                f"loss.pesq is defined at {disturbance.RATE} Hz and the codec has {rate} Hz; "
                "set it to 0"
            )
        self.low_bins = {window: int(top * window) + 1 for window in weights.low_band_windows}

    def forward(
        self,
        target: Float[Tensor, "batch channels samples"],
        output: Float[Tensor, "batch channels samples"],
    ) -> dict[str, Tensor]:
        """Return the losses whose weight is not 0, each a scalar."""
        weights = self.weights
        target, output = target.flatten(0, 1).float(), output.flatten(0, 1).float()
        windows = {
            *(self.bands if weights.mel else ()),
            *(self.low_bins if weights.low_band else ()),
            *(weights.spectral_windows if weights.spectral else ()),
        }
        with torch.no_grad():
            of_target = {n: magnitude(target, n, n // 4) for n in windows}
        of_output = {n: magnitude(output, n, n // 4) for n in windows}
        losses = {}
        if weights.time:
            losses["time"] = (output - target).abs().mean()
        if weights.mel:
            losses["mel"] = self._mel(of_target, of_output)
        if weights.low_band:
            losses["low_band"] = self._low_band(of_target, of_output)
        if weights.complex:
            losses["complex"] = self._complex(target, output)
        if weights.spectral:
            losses["spectral"] = self._spectral(of_target, of_output)
        if weights.pesq:
            whole, frames = disturbance.disturbance(target, output)
            losses["pesq"] = (whole + 0.5 * frames).mean()
        if weights.level:
            losses["level"] = self._level(target, output)
        return losses

    def _mel(self, target: dict[int, Tensor], output: dict[int, Tensor]) -> Tensor:
        parts = []
        for window, bands in self.bands.items():
            filters = mel_filters(self.rate, window, bands).to(output[window])
            a, b = (self._log(s[window].transpose(1, 2) @ filters) for s in (target, output))
            parts.append((a - b).abs().mean())
        return torch.stack(parts).mean()

    def _low_band(self, target: dict[int, Tensor], output: dict[int, Tensor]) -> Tensor:
        parts = []
        for window, bins in self.low_bins.items():
            a, b = (self._log(s[window][:, :bins]) for s in (target, output))
            parts.append((a - b).abs().mean())
        return torch.stack(parts).mean()

    def _complex(self, target: Tensor, output: Tensor) -> Tensor:
        parts = []
        for window in self.weights.complex_windows:
            difference = spectrum(target - output, window, window // 4)  # the transform is linear
            parts.append((torch.view_as_real(difference).square().sum(-1) + _TINY).sqrt().mean())
        return torch.stack(parts).mean()

    def _level(self, target: Tensor, output: Tensor) -> Tensor:
        wanted, found = (x.square().mean(-1) + _SILENCE for x in (target, output))
        return 10 * (found / wanted).log10().abs().mean()

    def _spectral(self, target: dict[int, Tensor], output: dict[int, Tensor]) -> Tensor:
        """Return the mean over windows and frames of `‖a - b‖₁ + α ‖log a - log b‖₂`.

        a and b are the mel bands of a frame, of spectra divided by the window's norm; α is
        (window / 2) to a power: a half in "A Spectral Energy Distance for Parallel Speech
        Synthesis" (Gritsenko et al. 2020) and SoundStream, nought in EnCodec.
        """
        weights, parts = self.weights, []
        for window in weights.spectral_windows:
            filters = mel_filters(self.rate, window, weights.spectral_bands).to(output[window])
            filters = filters / hann(window).square().sum().sqrt()
            a, b = (s[window].transpose(1, 2) @ filters for s in (target, output))
            apart = (a - b).abs().sum(-1).mean()
            logs = (self._log(a) - self._log(b)).square().sum(-1).add(_TINY).sqrt().mean()
            parts.append(apart + (window / 2) ** weights.spectral_power * logs)
        return torch.stack(parts).mean()

    def _log(self, magnitudes: Tensor) -> Tensor:
        return magnitudes.clamp(min=self.weights.floor).log()
