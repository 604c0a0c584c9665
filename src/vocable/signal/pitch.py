"""Estimate the pitch of speech frame by frame, and place it on an octave axis.

Boersma 1993, "Accurate short-term analysis of the fundamental frequency": the autocorrelation of a
windowed frame divided by that of the window. Before the autocorrelation the power spectrum is
faded out below 70 Hz and above 1600 Hz, so that neither hum nor formants decide. There is no search
over time: a frame's pitch depends on its own CONTEXT samples only, so it can be found in a stream.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

LOWEST, HIGHEST = 60.0, 400.0  # Hz
REFERENCE = 150.0  # Hz, the zero of the octave axis
POINTS = 4  # pitch values per frame
WINDOW = 640  # samples of one autocorrelation, 40 ms at 16 kHz
CONTEXT = 1120  # samples that one frame's values depend on; the last 640 are the frame itself
_FFT = 1024  # holds WINDOW and the longest lag, so that nothing wraps around
MANY = 24  # frames, of all streams together, from which on matrix products are faster
# Where the four windows end, in samples before the end of the context: each is centred on its point
# as far as the frame allows.
_WINDOW_ENDS = (240, 80, 0, 0)
_THRESHOLDS = (0.45, 0.7)  # correlation above which a point is voiced, at the shortest, longest lag


def pitch(
    x: Float[Tensor, "frames samples"], rate: int, silence: float = 1e-7
) -> Float[Tensor, "frames points"]:
    """Return four pitch values in Hz (0 = unvoiced) per frame, each frame given by CONTEXT samples.

    One lag is chosen for the frame from the sum of its autocorrelations (shorter lags win ties,
    which avoids octave errors downwards); each point then refines it within a fifth of its length,
    by a parabola through the peak. `rate` is in Hz; nothing is voiced whose mean square is below
    `silence` (-70 dB of full scale).
    """
    correlation = _autocorrelation(x, rate, silence)
    first, last = int(rate / HIGHEST), int(rate / LOWEST)
    lags = torch.arange(first, last + 1, dtype=torch.float32, device=x.device)
    length = torch.log2(lags / first) / math.log2(last / first)  # 0 to 1 on a log axis
    by_lag = correlation[..., first : last + 1]
    frame_lag = first + (by_lag.sum(1) * (1.0 - 0.15 * length)).argmax(-1).float()
    near = (lags >= frame_lag[:, None] / 1.2) & (lags <= frame_lag[:, None] * 1.2)
    peak, index = torch.where(near[:, None], by_lag, -1.0).max(-1)
    hz = rate / _refined(correlation, index + first)
    threshold = _THRESHOLDS[0] + (_THRESHOLDS[1] - _THRESHOLDS[0]) * length[index]
    return torch.where(peak > threshold, hz.clamp(LOWEST, HIGHEST), 0.0).to(x.dtype)


def to_octaves(
    hz: Float[Tensor, "*batch points"],
) -> tuple[Bool[Tensor, "*batch points"], Float[Tensor, "*batch points"]]:
    """Return which points are voiced, and their octaves over REFERENCE (0 where unvoiced)."""
    voiced = hz > 0
    return voiced, torch.where(voiced, torch.log2(hz.clamp(min=1.0) / REFERENCE), 0.0)


def from_octaves(
    voiced: Bool[Tensor, "*batch points"], octaves: Float[Tensor, "*batch points"]
) -> Float[Tensor, "*batch points"]:
    """Return pitch in Hz, 0 where unvoiced; the inverse of `to_octaves`."""
    return torch.where(voiced, REFERENCE * 2**octaves, 0.0)


@lru_cache(maxsize=8)
@torch.inference_mode(False)  # kept, so ordinary tensors whatever asks first
def _tables(rate: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return the window, its normalised autocorrelation up to the longest lag, and the band."""
    kind: dict[str, Any] = {"dtype": torch.float64, "device": "cpu"}
    window = torch.hann_window(WINDOW, periodic=True, **kind)
    of_window = torch.fft.irfft(torch.fft.rfft(window, _FFT).abs() ** 2)
    hz = torch.fft.rfftfreq(_FFT, 1 / rate, **kind)
    band = ((hz - 50) / 40).clamp(0, 1) * ((2000 - hz) / 800).clamp(0, 1)
    lags = slice(0, int(rate / LOWEST) + 3)
    return window.to(device), (of_window / of_window[0])[lags].to(device), band.to(device)


@lru_cache(maxsize=8)
@torch.inference_mode(False)
def _band_transforms(rate: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the two Fourier transforms of `_autocorrelation` as matrices, of the band alone.

    `[window, 2 · bins]`, window and all, and `[bins, lags]`: a quarter of the bins is not 0, and
    two products of that size take 0.6 of the time of the transforms where there are many windows.
    """
    window, of_window, band = (table.cpu() for table in _tables(rate, device))
    bins = band.nonzero()[:, 0]
    turns = 2 * math.pi * bins.double() / _FFT
    phase = torch.arange(WINDOW, dtype=torch.float64)[:, None] * turns
    into = torch.cat((phase.cos(), phase.sin()), 1) * window[:, None]
    lags = torch.arange(len(of_window), dtype=torch.float64)
    twice = torch.where(bins * 2 == _FFT, 1, 2)  # for the bins of negative frequency
    out_of = (twice * band[bins] / _FFT)[:, None] * (turns[:, None] * lags).cos()
    return into.to(device), out_of.to(device)


def _autocorrelation(
    x: Float[Tensor, "frames samples"], rate: int, silence: float
) -> Float[Tensor, "frames points lags"]:
    """Return autocorrelations normalised to 1 at lag 0, in float64; 0 where it is silent."""
    window, of_window, band = _tables(rate, x.device)
    end = x.shape[1]
    windows = [x[:, end - before - WINDOW : end - before] for before in _WINDOW_ENDS]
    samples = torch.stack(windows, dim=1).double()
    if samples.shape[0] < MANY:
        spectrum = torch.fft.rfft(samples * window, _FFT)
        # Not abs(): that takes five times as long.
        power_spectrum = (spectrum.real.square() + spectrum.imag.square()) * band
        correlation = torch.fft.irfft(power_spectrum)[..., : of_window.shape[0]]
    else:
        into, out_of = _band_transforms(rate, x.device)
        parts = (samples @ into).reshape(*samples.shape[:2], 2, -1)
        correlation = parts.square().sum(-2) @ out_of
    power = (samples.square() * window).mean(-1, keepdim=True)
    normalised = correlation / (correlation[..., :1] + 1e-9) / of_window
    return torch.where(power < silence, 0.0, normalised)


def _refined(
    correlation: Float[Tensor, "frames points lags"], lag: Tensor
) -> Float[Tensor, "frames points"]:
    """Return lags with a fraction: the top of the parabola through each peak and its neighbours."""
    left, middle, right = (
        correlation.gather(-1, (lag + offset)[..., None])[..., 0] for offset in (-1, 0, 1)
    )
    curvature = left - 2 * middle + right
    shift = torch.where(curvature < 0, 0.5 * (left - right) / curvature, 0.0)
    return lag + shift.clamp(-0.5, 0.5)
