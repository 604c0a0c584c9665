"""Resample by windowed sincs, as torchaudio does: what others computed their features of.

`vocable.audio` resamples recordings; this one is for parts of networks that were trained so.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.signal.spectra import CPU

CROSSINGS = 6  # zeros of the sinc on either side, where its window ends
ROLLOFF = 0.99  # of the lower half rate, where its band ends


def sinc_resample(x: Float[Tensor, "batch time"], rate: int, to: int) -> Float[Tensor, "batch _"]:
    """Return `ceil(time · to / rate)` samples: sincs in a Hann window of 12 zeros.

    As `torchaudio.functional.resample` does by default; beyond the ends is silence.
    """
    common = math.gcd(rate, to)
    step, phases = rate // common, to // common
    if step == phases:
        return x
    taps = _taps(step, phases, x.device)
    edge = (taps.shape[2] - step) // 2
    padded = F.pad(x[:, None], (edge, edge + step))
    y = F.conv1d(padded, taps, stride=step).transpose(1, 2).flatten(1)
    return y[:, : -(-x.shape[1] * phases // step)]


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def _taps(step: int, phases: int, device: torch.device = CPU) -> Float[Tensor, "phases 1 taps"]:
    """Return what each of `phases` samples in a row is made of, of `step` and those around them."""
    band = min(step, phases) * ROLLOFF
    edge = math.ceil(CROSSINGS * step / band)
    place = torch.arange(-edge, edge + step, dtype=torch.float64, device=CPU) / step
    phase = torch.arange(phases, dtype=torch.float64, device=CPU)[:, None, None] / phases
    apart = ((place - phase) * band).clamp(-CROSSINGS, CROSSINGS)  # in zeros of the sinc
    window = torch.cos(apart * (math.pi / CROSSINGS / 2)).square()
    return (torch.sinc(apart) * window * (band / step)).float().to(device)
