"""Compute windows, short-time spectra and mel spectra, as pure functions on tensors."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Complex, Float
from torch import Tensor

# Tables are kept: they are ordinary tensors of stated dtype and device, whatever asks first.
CPU = torch.device("cpu")


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def hann(size: int, device: torch.device = CPU) -> Float[Tensor, " size"]:
    """Return the periodic Hann window of `size` samples, float32."""
    window = torch.hann_window(size, periodic=True, dtype=torch.float32, device=CPU)
    return window.to(device)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def root_hann(size: int, device: torch.device = CPU) -> Float[Tensor, " size"]:
    """Return the root of `hann`: a window that is applied before and after a change of spectra."""
    return hann(size, CPU).sqrt().to(device)


def spectrum(x: Float[Tensor, "*batch time"], window: int, hop: int) -> Complex[Tensor, "..."]:
    """Return the short-time Fourier transform with a Hann window, `[*batch, bins, frames]`.

    `window` and `hop` are in samples, bins are `window // 2 + 1`, frames `1 + time // hop`. Frame f
    is centred on sample f · hop: half a window of zeros is added on both sides, so the signal may
    also be shorter than a window.
    """
    flat = x.reshape(-1, x.shape[-1])
    taper = hann(window, x.device).to(x.dtype)
    out = torch.stft(
        flat, window, hop, window=taper, center=True, pad_mode="constant", return_complex=True
    )
    return out.reshape(*x.shape[:-1], *out.shape[-2:])


def overlap_add(
    frames: Float[Tensor, "batch frames window"], before: Float[Tensor, "batch open"], hop: int
) -> tuple[Float[Tensor, "batch time"], Float[Tensor, "batch open"]]:
    """Add frames, one every `hop` samples, to what is open; part what is final and what is open.

    Open are the samples that later frames reach: as many hops as a window touches, less one. The
    oldest frame is added first, however many come at a time.
    """
    count, late = frames.shape[1], before.shape[1]
    pieces = F.pad(frames, (0, late + hop - frames.shape[2]))
    total = F.pad(before, (0, count * hop))
    for first in range(late, -1, -hop):
        piece = pieces[..., first : first + hop].flatten(1)
        total = total + F.pad(piece, (first, late - first))
    return total[:, : count * hop], total[:, count * hop :]


def magnitude(
    x: Float[Tensor, "*batch time"], window: int, hop: int
) -> Float[Tensor, "*batch bins frames"]:
    """Return the magnitudes of `spectrum`, with a smooth floor at 1e-6 (a gradient at 0)."""
    # The square root of the power: its gradient is faster than that of complex abs().
    parts = torch.view_as_real(spectrum(x, window, hop))
    return parts.square().sum(dim=-1).add(1e-12).sqrt()


def hz_to_mel(hz: Tensor) -> Tensor:
    """Convert Hz to mel by the HTK formula, 2595 log10(1 + f / 700).

    The scale of losses and pictures. `vocable.measures.spectral` has Slaney's on purpose: published
    distances are stated in it.
    """
    return 2595.0 * torch.log10(1.0 + hz / 700.0)


def mel_to_hz(mel: Tensor) -> Tensor:
    """Convert mel to Hz, the inverse of `hz_to_mel`."""
    return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def mel_filters(rate: int, window: int, bands: int) -> Float[Tensor, "bins bands"]:
    """Return triangular mel filters (HTK scale, peak 1) from 0 Hz to half of `rate` Hz.

    A band too narrow to reach any bin takes the bin nearest to its centre, so that none is empty.
    """
    kind: dict[str, Any] = {"dtype": torch.float64, "device": CPU}
    bins = torch.linspace(0, rate / 2, window // 2 + 1, **kind)
    top_mel = hz_to_mel(torch.tensor(rate / 2, **kind))
    edges = mel_to_hz(torch.linspace(0, float(top_mel), bands + 2, **kind))
    rise = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    filters = torch.minimum(rise, fall).clamp(min=0)
    nearest = (bins[:, None] - edges[1:-1]).abs().argmin(dim=0)
    empty = filters.sum(dim=0) == 0
    filters[nearest[empty], empty.nonzero().squeeze(1)] = 1.0
    return filters.float()


def log_mel(
    x: Float[Tensor, "*batch time"], rate: int, window: int, bands: int, floor: float = 1e-3
) -> Float[Tensor, "*batch frames bands"]:
    """Return the natural log of mel magnitudes with hop = window / 4, at least `log(floor)`."""
    magnitudes = magnitude(x, window, window // 4).transpose(-1, -2)
    return (magnitudes @ mel_filters(rate, window, bands).to(x)).clamp(min=floor).log()
