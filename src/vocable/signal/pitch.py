"""Pitch of speech from a short past: normalised autocorrelation in blocks, no search over time.

Boersma 1993, "Accurate short-term analysis of the fundamental frequency": the autocorrelation of a
windowed frame divided by that of the window. The power spectrum is limited to 70-1600 Hz before it
is turned into an autocorrelation, so neither hum nor formants decide.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

LOWEST, HIGHEST = 60.0, 400.0  # Hz
POINTS = 4  # pitch values a frame
WINDOW = 640  # samples of one autocorrelation, 40 ms at 16 kHz
CONTEXT = 1120  # samples that one frame of values is computed from, the frame's 640 last
_FFT = 1024  # WINDOW plus the longest lag fits, so nothing wraps around
# Ends of the four windows, counted from the end of the context: centred where the frame allows it.
_ENDS = (240, 80, 0, 0)
_VOICED = (0.45, 0.7)  # peak above which a point is voiced, at the shortest and the longest lag
_SILENCE = 1e-7  # mean square below which nothing is voiced (-70 dB of full scale)


@lru_cache(maxsize=8)
def _tables(rate: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    window = torch.hann_window(WINDOW, periodic=True, dtype=torch.float64)
    taper = torch.fft.irfft(torch.fft.rfft(window, _FFT).abs() ** 2)
    hz = torch.fft.rfftfreq(_FFT, 1 / rate, dtype=torch.float64)
    band = ((hz - 50) / 40).clamp(0, 1) * ((2000 - hz) / 800).clamp(0, 1)
    lags = slice(0, int(rate / LOWEST) + 3)
    return window.to(device), (taper / taper[0])[lags].to(device), band.to(device)


def _autocorrelation(x: Float[Tensor, "frames samples"], rate: int) -> Float[Tensor, "..."]:
    """Return normalised autocorrelations `[frames, points, lags]` in float64."""
    window, taper, band = _tables(rate, x.device)
    end = x.shape[1]
    parts = torch.stack([x[:, end - e - WINDOW : end - e] for e in _ENDS], dim=1).double()
    spectrum = torch.fft.rfft(parts * window, _FFT)
    power = (spectrum.real.square() + spectrum.imag.square()) * band  # abs() is five times slower
    found = torch.fft.irfft(power)[..., : taper.shape[0]]
    loud = (parts.square() * window).mean(-1, keepdim=True)
    return torch.where(loud < _SILENCE, 0.0, found / (found[..., :1] + 1e-9) / taper)


def pitch(x: Float[Tensor, "frames samples"], rate: int) -> Float[Tensor, "frames points"]:
    """Return four pitch values in Hz (0 = unvoiced) a frame, from CONTEXT samples up to its end.

    One lag is chosen for the frame from the sum of its autocorrelations (shorter lags win ties, so
    that octaves down do not), then each point refines it within a fifth, by a parabola.
    """
    shape = _autocorrelation(x, rate)
    first, last = int(rate / HIGHEST), int(rate / LOWEST)
    lags = torch.arange(first, last + 1, device=x.device)
    length = torch.log2(lags / first) / math.log2(
        last / first
    )  # 0 at the shortest, 1 at the longest
    weight = 1.0 - 0.15 * length
    frame_lag = first + (shape[..., first : last + 1].sum(1) * weight).argmax(-1)
    near = (lags >= frame_lag[:, None] / 1.2) & (lags <= frame_lag[:, None] * 1.2)
    inside = torch.where(near[:, None], shape[..., first : last + 1], -1.0)
    height, place = inside.max(-1)
    lag = place + first
    left, mid, right = (shape.gather(-1, (lag + d)[..., None])[..., 0] for d in (-1, 0, 1))
    bend = left - 2 * mid + right
    shift = torch.where(bend < 0, 0.5 * (left - right) / bend, 0.0).clamp(-0.5, 0.5)
    hz = rate / (lag + shift)
    needed = _VOICED[0] + (_VOICED[1] - _VOICED[0]) * length[place]
    return torch.where(height > needed, hz.clamp(LOWEST, HIGHEST), 0.0).to(x.dtype)
