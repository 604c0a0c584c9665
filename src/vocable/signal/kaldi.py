"""Compute log-mel spectra and MFCC as kaldi does: the features of HuBERT, GSLM and w2v-BERT.

A frame is 25 ms, every 10 ms, without padding: frame f is made of the samples hop · f to
hop · f + window - 1 and of no others. So a stream carries the samples from the first one of its
next frame on, puts new ones behind them, and calls the same functions: what comes out are its next
frames. Only `deltas` looks at neighbours, two on either side.

Samples are in [-1, 1], as HuBERT and GSLM had them. Kaldi itself and w2v-BERT count in steps of 16
bits; for those, pass `x * 2**15`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.signal.spectra import CPU

FLOOR = torch.finfo(torch.float32).eps  # of the power in a band, 1.1920929e-07
LOWEST = 20.0  # Hz, where the first band begins
EMPHASIS = 0.97
MFCC_BANDS, MFCC_SIZE, LIFTER = 23, 13, 22


def window_and_hop(rate: int) -> tuple[int, int]:
    """Return 25 ms and 10 ms in samples: 400 and 160 at 16 000 Hz."""
    return rate * 25 // 1000, rate // 100


def frame_count(samples: int, rate: int = 16_000) -> int:
    """Return how many frames a signal has: those that fit into it, `1 + (samples - 400) // 160`."""
    window, hop = window_and_hop(rate)
    return max(0, 1 + (samples - window) // hop)


def fbank(
    x: Float[Tensor, "*batch time"], rate: int = 16_000, bands: int = 80
) -> Float[Tensor, "*batch frames bands"]:
    """Return the natural logarithm of the power in mel bands, at least `log(1.1920929e-07)`.

    Of each frame the mean is taken away, then `x[i] - 0.97 x[i - 1]` (the first sample stands for
    the one before it), Povey's window, zeros to a power of two, the power spectrum, and triangles
    from 20 Hz to half of `rate` Hz that are linear in 1127 ln(1 + f / 700). No dither.
    """
    window, hop = window_and_hop(rate)
    frames = frame_count(x.shape[-1], rate)
    if frames == 0:
        return x.new_zeros(*x.shape[:-1], 0, bands)
    # Povey's window begins with a 0. So the first sample and the one before it drop out, and what
    # the filter leaves of a mean m is (1 - 0.97) m in every other sample.
    filtered = (x[..., 1:] - EMPHASIS * x[..., :-1]).unfold(-1, window - 1, hop)
    mean = x.unfold(-1, window, hop).mean(dim=-1, keepdim=True)
    tapered = (filtered - (1 - EMPHASIS) * mean) * povey(window, x.device)[1:]
    size = _transform_size(window)
    power = torch.view_as_real(torch.fft.rfft(tapered, n=size)).square().sum(dim=-1)
    return (power @ mel_triangles(rate, size, bands, x.device)).clamp(min=FLOOR).log()


def mfcc(
    x: Float[Tensor, "*batch time"], rate: int = 16_000
) -> Float[Tensor, "*batch frames channels"]:
    """Return 13 cepstral coefficients of 23 bands, the first their sum and not the energy.

    The orthonormal cosine transform (type II) of `fbank`, coefficient i times
    `1 + 11 sin(π i / 22)`. No normalisation.
    """
    return fbank(x, rate, MFCC_BANDS) @ cosines(x.device)


def deltas(x: Float[Tensor, "*batch frames channels"]) -> Float[Tensor, "*batch frames channels"]:
    """Return the slopes `(2 (x[t + 2] - x[t - 2]) + x[t + 1] - x[t - 1]) / 10` along the frames.

    The first and the last frame stand for those beyond them.
    """
    frames = x.shape[-2]
    if frames == 0:
        return x
    flat = x.reshape(-1, *x.shape[-2:]).transpose(-1, -2)
    padded = (
        F.pad(flat, (2, 2), mode="replicate")
        .transpose(-1, -2)
        .reshape(*x.shape[:-2], frames + 4, x.shape[-1])
    )
    before2, before, _, after, after2 = (padded[..., i : i + frames, :] for i in range(5))
    return (2 * (after2 - before2) + (after - before)) / 10


def with_deltas(
    x: Float[Tensor, "*batch frames channels"],
) -> Float[Tensor, "*batch frames channels3"]:
    """Return features, their slopes, and the slopes of these: three blocks of channels.

    Of `mfcc` these are the 39 channels at 100 Hz of HuBERT's first targets (Hsu et al. 2021). A
    frame depends on four others on either side.
    """
    slopes = deltas(x)
    return torch.cat([x, slopes, deltas(slopes)], dim=-1)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def povey(size: int, device: torch.device = CPU) -> Float[Tensor, " size"]:
    """Return Povey's window: the symmetric Hann window to the power of 0.85, float32."""
    hann = torch.hann_window(size, periodic=False, dtype=torch.float64, device=CPU)
    return hann.pow(0.85).float().to(device)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def mel_triangles(
    rate: int, size: int, bands: int, device: torch.device = CPU
) -> Float[Tensor, "bins bands"]:
    """Return triangles with peak 1 over the bins of a transform of `size`, linear in kaldi's mel.

    A band that is narrower than a bin may be empty, as kaldi's.
    """
    kind: dict[str, Any] = {"dtype": torch.float64, "device": CPU}
    mel = _mel(torch.arange(size // 2 + 1, **kind) * (rate / size))[:, None]
    lowest, highest = (float(_mel(torch.tensor(hz, **kind))) for hz in (LOWEST, rate / 2))
    edges = torch.linspace(lowest, highest, bands + 2, **kind)
    rise = (mel - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - mel) / (edges[2:] - edges[1:-1])
    return torch.minimum(rise, fall).clamp(min=0).float().to(device)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def cosines(device: torch.device = CPU) -> Float[Tensor, "bands channels"]:
    """Return the liftered cosine transform of MFCC as a matrix."""
    kind: dict[str, Any] = {"dtype": torch.float64, "device": CPU}
    order = torch.arange(MFCC_SIZE, **kind)
    place = (torch.arange(MFCC_BANDS, **kind) + 0.5)[:, None]
    table = torch.cos(math.pi / MFCC_BANDS * order * place) * math.sqrt(2 / MFCC_BANDS)
    table[:, 0] /= math.sqrt(2)
    lifter = 1 + LIFTER / 2 * torch.sin(math.pi * order / LIFTER)
    return (table * lifter).float().to(device)


def _mel(hz: Tensor) -> Tensor:
    return torch.log1p(hz / 700.0) * 1127.0


def _transform_size(window: int) -> int:
    return 1 << (window - 1).bit_length()
