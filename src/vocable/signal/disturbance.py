"""How much two signals differ to the ear, as PESQ counts it; differentiable, for learning.

ITU-T P.862 and P.862.2 (wideband, 16 kHz). Differs: the signals are taken as aligned in time; a
whole signal's level is compared too (PESQ evens it out, and frame by frame and band by band); the
caps of a frame's disturbance are smooth, since nothing is learnt from a frame beyond a hard one.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.signal.pesq_bands import RATE as RATE
from vocable.signal.pesq_bands import band_powers, bands, loudness

_SYLLABLE, _STEP = 20, 10  # frames
_CAP = 45.0  # of a frame


def disturbance(
    target: Float[Tensor, "batch time"], output: Float[Tensor, "batch time"]
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """Return what PESQ would take off its 4.5: for a signal as it aggregates, and a frame's mean.

    Both signals are at 16 kHz, within ±1, and at least a window of 512 samples long. P.862 takes
    0.1 of the symmetric disturbance and 0.0309 of the asymmetric one, which counts only what was
    added.
    """
    reference, scale = band_powers(target)
    degraded, _ = band_powers(output, scale)
    symmetric, asymmetric = _frames(reference, degraded)
    whole = 0.1 * _aggregate(symmetric) + 0.0309 * _aggregate(asymmetric)
    return whole, (0.1 * symmetric + 0.0309 * asymmetric).mean(1)


def _frames(
    reference: Float[Tensor, "batch frames bands"], degraded: Float[Tensor, "batch frames bands"]
) -> tuple[Float[Tensor, "batch frames"], Float[Tensor, "batch frames"]]:
    """Return the symmetric and the asymmetric disturbance of each frame."""
    _, barks, quiet, _, _ = bands(reference.device)
    wanted, found = loudness(reference), loudness(degraded)
    apart = found - wanted
    masked = 0.25 * torch.minimum(found, wanted)
    left = apart.sign() * (apart.abs() - masked).clamp(min=0)
    total = barks.sum()
    symmetric = ((left * barks).square().sum(-1).add(1e-9) / total).sqrt() * total
    ratio = ((degraded + 50) / (reference + 50)) ** 1.2
    added = torch.where(ratio < 3, 0.0, ratio.clamp(max=12.0))
    asymmetric = ((left * added).abs() * barks).sum(-1)
    audible = torch.where(reference > quiet, reference, 0.0).sum(-1)
    weight = ((audible + 1e5) / 1e7) ** 0.04
    symmetric, asymmetric = symmetric / weight, asymmetric / weight
    return symmetric / (1 + (symmetric / _CAP) ** 2).sqrt(), asymmetric / (
        1 + asymmetric / (2 * _CAP)
    )


def _aggregate(frames: Float[Tensor, "batch frames"]) -> Float[Tensor, " batch"]:
    """Return P.862's mean: power 6 within 320 ms, power 2 over those, which overlap by half."""
    missing = max(_SYLLABLE - frames.shape[1], (_SYLLABLE - frames.shape[1]) % _STEP)
    parts = F.pad(frames, (0, missing)).unfold(1, _SYLLABLE, _STEP)
    syllables = (parts**6).mean(-1).add(1e-18) ** (1 / 6)
    return syllables.square().mean(-1).add(1e-9).sqrt()
