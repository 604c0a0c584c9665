"""A bank of gammatone filters, as the ear's, and the level of frames of sound in each of its bands.

Slaney's filters (Apple TR 35, 1993): four sections of second order with one pair of poles. Each
frame is filtered from rest, and what rings on after its end does not count. So the energy in a band
is that of the whole response, by the frame's power spectrum, less that of the ringing, by the state
that the filter ends in; both are matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64

from vocable.measures.checks import Samples

LOWEST = 50.0  # Hz, the centre of the first band
_Q, _LEAST_WIDTH = 9.26449, 24.7  # Glasberg and Moore 1990: quality, bandwidth in Hz at 0 Hz
_WIDTH = 1.019  # of a filter, in bandwidths of the ear
_ORDER = 4  # sections
_CHUNK = 64  # frames filtered at a time

Bands = Float64[np.ndarray, " bands"]


@dataclass(frozen=True)
class FilterBank:
    """Matrices that take frames of `size` samples to energies in bands."""

    window: Float64[np.ndarray, " size"]
    spectral: Float64[np.ndarray, "bins bands"]  # of the power spectrum in 2 * size points
    ringing: Float64[np.ndarray, "size states"]  # whose squares, summed by band, are the rest

    def levels(self, samples: Samples, hop: int) -> Float64[np.ndarray, "bands frames"]:
        """Return the root mean square in each band of the frames, `hop` samples apart."""
        frames = np.lib.stride_tricks.sliding_window_view(samples, self.window.size)[::hop]
        parts = [self._energies(frames[i : i + _CHUNK]) for i in range(0, len(frames), _CHUNK)]
        levels: Float64[np.ndarray, "bands frames"] = np.sqrt(
            np.maximum(np.concatenate(parts), 0)
        ).T
        return levels

    def _energies(
        self, frames: Float64[np.ndarray, "frames size"]
    ) -> Float64[np.ndarray, "frames bands"]:
        shaped = frames * self.window
        spectra = np.fft.rfft(shaped, 2 * self.window.size)
        powers = np.square(spectra.real) + np.square(spectra.imag)
        bands = self.spectral.shape[1]
        rest = np.square(shaped @ self.ringing).reshape(len(frames), bands, -1).sum(axis=2)
        energies: Float64[np.ndarray, "frames bands"] = powers @ self.spectral - rest
        return energies


@lru_cache(maxsize=8)
def filter_bank(rate: int, size: int, bands: int, highest: float) -> FilterBank:
    """Return the bank for frames of `size` samples with centres from 50 Hz to below `highest`."""
    sections = _sections(_centres(bands, highest), rate)
    return FilterBank(np.hanning(size), _spectral(sections, size), _ringing(sections, size))


def _centres(bands: int, highest: float) -> Bands:
    """Return centre frequencies in Hz, evenly spaced on the scale of the ear's bandwidths."""
    offset = _Q * _LEAST_WIDTH
    step = np.log((LOWEST + offset) / (highest + offset)) / bands
    centres: Bands = np.exp(np.arange(bands, 0, -1) * step) * (highest + offset) - offset
    return centres


@dataclass(frozen=True)
class _Sections:
    """Coefficients of z^-1 in the four numerators 1 + b z^-1, and the one denominator."""

    gain: Bands
    zeros: Float64[np.ndarray, "sections bands"]
    first: Bands
    second: Bands


def _sections(centres: Bands, rate: int) -> _Sections:
    width = _WIDTH * 2 * np.pi * (centres / _Q + _LEAST_WIDTH) / rate
    angle = 2 * np.pi * centres / rate
    roots = np.array([np.sqrt(3 + 2**1.5), np.sqrt(3 - 2**1.5)])
    slopes = np.concatenate([roots, -roots])[:, None]
    decay = np.exp(-width)
    zeros = -decay * (np.cos(angle) + slopes * np.sin(angle))
    sections = _Sections(np.ones_like(centres), zeros, -2 * decay * np.cos(angle), decay**2)
    at_centre = np.array(_response(sections, np.exp(-1j * angle)))
    return _Sections(1 / np.abs(at_centre), zeros, sections.first, sections.second)


def _response(sections: _Sections, z: np.ndarray) -> np.ndarray:
    """Return the response at values of z^-1, [bands] or [points, 1] for [points, bands]."""
    denominator = 1 + sections.first * z + sections.second * z**2
    numerator = np.prod([1 + zero * z for zero in sections.zeros], axis=0)
    response: np.ndarray = sections.gain * numerator / denominator**_ORDER
    return response


def _spectral(sections: _Sections, size: int) -> Float64[np.ndarray, "bins bands"]:
    """Return what takes the power spectrum of a frame to the mean energy of its whole response.

    Only correlations over lags within a frame matter, which makes the finite sum over bins exact.
    """
    points = 16 * size  # the longest response has died out long before
    z = np.exp(-2j * np.pi * np.arange(points // 2 + 1) / points)[:, None]
    power = np.square(np.abs(_response(sections, z)))
    correlation = np.fft.irfft(power, points, axis=0)[:size]
    silent = np.zeros_like(correlation[:1])
    whole = np.concatenate([correlation, silent, correlation[:0:-1]])
    weights: Float64[np.ndarray, "bins bands"] = np.fft.rfft(whole, axis=0).real / (2 * size * size)
    weights[1:-1] *= 2  # the bins of negative frequency
    return weights


def _ringing(sections: _Sections, size: int) -> Float64[np.ndarray, "size states"]:
    """Return what takes a frame to the roots of the energy after its end, 8 for each band."""
    columns = []
    for band in range(sections.gain.size):
        step, entry, exit_ = _state_space(sections, band)
        root = _gramian_root(step, exit_)
        columns.append(_powers(step, entry, size)[:, ::-1].T @ root.T)
    return np.concatenate(columns, axis=1) / np.sqrt(size)


def _state_space(sections: _Sections, band: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how the state of the four sections goes on, takes a sample in and gives one out."""
    first, second = sections.first[band], sections.second[band]
    states = 2 * _ORDER
    step, entry, exit_ = np.zeros((states, states)), np.zeros(states), np.zeros(states)
    gain = sections.gain[band] ** (1 / _ORDER)
    through = 1.0  # what of a sample reaches the present section at once
    for i, zero in enumerate(sections.zeros[:, band]):
        own = slice(2 * i, 2 * i + 2)
        takes = gain * np.array([zero - first, -second])
        step[own, own] = [[-first, 1], [-second, 0]]
        step[own] += np.outer(takes, exit_)
        entry[own] = takes * through
        exit_ = gain * exit_
        exit_[2 * i] = 1
        through *= gain
    return step, entry, exit_


def _gramian_root(step: np.ndarray, exit_: np.ndarray) -> np.ndarray:
    """Return R with |R s|² the energy that comes out after a state s, by doubling the time."""
    gramian, power = np.outer(exit_, exit_), step
    while np.abs(power).max() > 1e-30:
        gramian = gramian + power.T @ gramian @ power
        power = power @ power
    values, vectors = np.linalg.eigh(gramian)
    root: np.ndarray = np.sqrt(np.maximum(values, 0))[:, None] * vectors.T
    return root


def _powers(step: np.ndarray, entry: np.ndarray, count: int) -> np.ndarray:
    """Return [entry, step @ entry, step² @ entry, …], `count` columns, by doubling."""
    columns, power = entry[:, None], step
    while columns.shape[1] < count:
        columns = np.concatenate([columns, power @ columns], axis=1)
        power = power @ power
    return columns[:, :count]
