"""The critical bands of wideband PESQ: constants of ITU-T P.862 and P.862.2 for 16 kHz."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.signal.spectra import CPU, hann

RATE = 16_000
WINDOW = 512  # samples, 32 ms
HOP = 256
LEVEL = 1e7  # mean power between 300 and 3250 Hz to which both signals are brought

# Bins of the spectrum that each band sums, and what the sum is multiplied by.
_BINS = (
    1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2,
    3, 3, 3, 3, 4, 3, 4, 5, 4, 5, 6, 6, 7, 8, 9, 9, 12, 12, 15, 16, 18, 21, 25, 20,
)  # fmt: skip
_FACTORS = (
    100, 100, 100, 100, 100, 100, 100, 100, 50, 100, 100, 100, 100, 100, 53.05, 110, 117.99, 65,
    68.76, 70, 71.43, 75, 76.84, 80.97, 88.65, 63.86, 68.16, 72.55, 75.58, 58.38, 80.95, 64.14,
    54.38, 73.82, 64.44, 59.18, 65.52, 61.4, 58.14, 57, 64.13, 54.31, 61.11, 55.08, 56.85, 55.63,
    53.14, 54.99, 79.55,
)  # fmt: skip
_BARKS = (  # how wide each band is
    0.1573, 0.318, 0.3224, 0.3269, 0.3315, 0.3361, 0.3407, 0.3454, 0.3501, 0.3549, 0.3597, 0.3646,
    0.3695, 0.3745, 0.3796, 0.3847, 0.3898, 0.395, 0.4002, 0.4055, 0.4109, 0.4163, 0.4218, 0.4273,
    0.4329, 0.4385, 0.4442, 0.45, 0.4558, 0.4616, 0.4676, 0.4736, 0.4796, 0.4857, 0.4919, 0.4982,
    0.5045, 0.5108, 0.5172, 0.5237, 0.5303, 0.5369, 0.5436, 0.5504, 0.5572, 0.5641, 0.5711, 0.5781,
    0.5852,
)  # fmt: skip
_QUIET = (  # threshold of hearing, dB
    77.1, 63.9, 48.5, 36.9, 30.7, 25.9, 20.2, 16.6, 12.5, 9.9, 6.9, 4.9, 2.8, 1.0, -0.1, -1.4, -2.5,
    -3.4, -4.1, -4.8, -5.3, -5.7, -5.9, -6.0, -6.0, -6.0, -6.0, -5.8, -5.4, -5.1, -4.7, -4.3, -4.0,
    -3.6, -3.3, -3.1, -3.0, -3.0, -2.9, -2.8, -2.8, -2.8, -2.9, -3.2, -3.7, -4.3, -4.4, -3.8, -2.7,
)  # fmt: skip
_POWER = 6.910853e-6  # of a bin, in the unit of the thresholds
_LOUDNESS = 0.1866055  # sone of a unit of Zwicker's law
_NUMERATOR = (2.740826, -5.4816519, 2.740826)  # P.862.2's high pass, at 16 kHz
_DENOMINATOR = (1.0, -1.9444777, 0.94597794)


class Bands(NamedTuple):
    """Tables of the 48 bands above 0 Hz, float32."""

    sums: Float[Tensor, "bins bands"]  # from powers of a spectrum
    barks: Float[Tensor, " bands"]
    quiet: Float[Tensor, " bands"]  # threshold of hearing, power
    exponent: Float[Tensor, " bands"]  # of Zwicker's law
    speech: Float[Tensor, " bins"]  # 1 between 300 and 3250 Hz


@lru_cache(maxsize=8)
@torch.inference_mode(False)
def bands(device: torch.device = CPU) -> Bands:
    """Return the tables on `device`."""
    barks = torch.tensor(_BARKS, dtype=torch.float64, device=CPU)
    centre = barks.cumsum(0) - barks / 2
    exponent = 0.23 * (6 / (centre + 2)).clamp(1, 2) ** 0.15
    quiet = 10 ** (torch.tensor(_QUIET, dtype=torch.float64, device=CPU) / 10)
    band = torch.repeat_interleave(torch.tensor(_BINS, device=CPU))
    sums = torch.zeros(WINDOW // 2 + 1, len(_BINS), dtype=torch.float64, device=CPU)
    factors = torch.tensor(_FACTORS, dtype=torch.float64, device=CPU)
    sums[torch.arange(len(band), device=CPU), band] = _POWER * factors[band]
    sums *= _high_pass()[:, None]
    hz = torch.arange(WINDOW // 2 + 1, dtype=torch.float64, device=CPU) * RATE / WINDOW
    speech = (hz > 300) & (hz <= 3250)
    tables = (sums[:, 1:], barks[1:], quiet[1:], exponent[1:], speech)
    return Bands(*(t.float().to(device) for t in tables))


def loudness(power: Float[Tensor, "*batch bands"]) -> Float[Tensor, "*batch bands"]:
    """Return the loudness density of powers of the bands, sone a Bark, by Zwicker's law."""
    _, _, quiet, exponent, _ = bands(power.device)
    risen = (0.5 + 0.5 * power / quiet).clamp(min=1.0) ** exponent - 1
    return _LOUDNESS * (2 * quiet) ** exponent * risen


def band_powers(
    x: Float[Tensor, "batch time"], scale: Float[Tensor, " batch"] | None = None
) -> tuple[Float[Tensor, "batch frames bands"], Float[Tensor, " batch"]]:
    """Return the powers of the bands, and what they were scaled by: to LEVEL, or as given."""
    sums, _, _, _, speech = bands(x.device)
    taper = hann(WINDOW, x.device)
    parts = torch.view_as_real(torch.fft.rfft(x.unfold(-1, WINDOW, HOP) * taper))
    power = parts.square().sum(-1)
    if scale is None:
        mean = 2 * (power @ speech).mean(-1) / (WINDOW * taper.square().sum())
        scale = LEVEL / (mean + 1e-8)
    return power @ sums * scale[:, None, None], scale


def _high_pass() -> Float[Tensor, " bins"]:
    """Return the power response of P.862.2's filter at the bins of the spectrum."""
    turn = torch.arange(WINDOW // 2 + 1, dtype=torch.float64, device=CPU) * 2 * math.pi / WINDOW
    powers = [torch.exp(-1j * k * turn) for k in range(3)]
    above, below = (
        torch.stack([k * z for k, z in zip(taps, powers, strict=True)]).sum(0)
        for taps in (_NUMERATOR, _DENOMINATOR)
    )
    response: Tensor = (above / below).abs().square()
    return response
