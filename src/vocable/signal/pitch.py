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
TILE = 16  # frames whose correlations stay in the cache from one pass to the next
# Where the four windows end, in samples before the end of the context: each is centred on its point
# as far as the frame allows.
_WINDOW_ENDS = (240, 80, 0)  # and 0 again: the last two points have one window
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
    # what is recorded to be exported takes any number of frames
    tiles = (x,) if torch.compiler.is_compiling() else torch.split(x, TILE)
    return torch.cat([_pitch(frames, rate, silence) for frames in tiles]).to(x.dtype)


def _pitch(
    x: Float[Tensor, "frames samples"], rate: int, silence: float
) -> Float[Tensor, "frames points"]:
    correlation = _autocorrelation(x, rate, silence)
    lags, weight, threshold = _of_lags(rate, x.device)
    first = int(rate / HIGHEST)
    by_lag = correlation[..., first : first + len(lags)]
    of_frame = by_lag.sum(1) + by_lag[:, -1]  # the last window is that of two points
    frame_lag = first + (of_frame * weight).argmax(-1, keepdim=True).float()
    near = (lags >= frame_lag / 1.2) & (lags <= frame_lag * 1.2)
    peak, index = torch.where(near[:, None], by_lag, -1.0).max(-1)
    hz = rate / _refined(correlation, index + first)
    hz = torch.where(peak > threshold[index], hz.clamp(LOWEST, HIGHEST), 0.0)
    return torch.cat((hz, hz[:, -1:]), 1)


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
@torch.inference_mode(False)
def _of_lags(rate: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return the lags of voices, their weights in the choice of a frame's, and the thresholds."""
    first, last = int(rate / HIGHEST), int(rate / LOWEST)
    lags = torch.arange(first, last + 1, dtype=torch.float32, device="cpu")
    length = torch.log2(lags / first) / math.log2(last / first)  # 0 to 1 on a log axis
    threshold = _THRESHOLDS[0] + (_THRESHOLDS[1] - _THRESHOLDS[0]) * length
    return lags.to(device), (1.0 - 0.15 * length).to(device), threshold.to(device)


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


def _autocorrelation(
    x: Float[Tensor, "frames samples"], rate: int, silence: float
) -> Float[Tensor, "frames windows lags"]:
    """Return autocorrelations normalised to 1 at lag 0, in float64; 0 where it is silent."""
    window, of_window, band = _tables(rate, x.device)
    end = x.shape[1]
    windows = [x[:, end - before - WINDOW : end - before] for before in _WINDOW_ENDS]
    samples = torch.stack(windows, dim=1).double()
    spectrum = torch.fft.rfft(samples * window, _FFT)
    # Not abs(): that takes five times as long.
    power = (spectrum.real.square() + spectrum.imag.square()) * band
    correlation = torch.fft.irfft(power)[..., : len(of_window)] / of_window
    silent = samples.square() @ window < silence * WINDOW
    correlation = correlation / (correlation[..., :1] + 1e-9)
    return torch.where(silent[..., None], 0.0, correlation)


def _refined(
    correlation: Float[Tensor, "frames windows lags"], lag: Tensor
) -> Float[Tensor, "frames windows"]:
    """Return lags with a fraction: the top of the parabola through each peak and its neighbours."""
    places = torch.stack((lag - 1, lag, lag + 1), -1)
    left, middle, right = correlation.gather(-1, places).unbind(-1)
    curvature = left - 2 * middle + right
    shift = torch.where(curvature < 0, 0.5 * (left - right) / curvature, 0.0)
    return lag + shift.clamp(-0.5, 0.5)
