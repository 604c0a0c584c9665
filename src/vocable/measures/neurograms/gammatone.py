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
_GROUP = 4  # bands whose ringing is computed together
_FAINT = 1e-12  # of the loudest: what a sample adds to the ringing at least

Bands = Float64[np.ndarray, " bands"]
Energies = Float64[np.ndarray, "frames bands"]


@dataclass(frozen=True)
class FilterBank:
    """Matrices that take frames of `size` samples to energies in bands."""

    window: Float64[np.ndarray, " size"]
    spectral: Float64[np.ndarray, "bins bands"]  # of the power spectrum in 2 * size points
    # for a few bands each: of the last samples, to parts whose squares add up to the rest
    ringing: tuple[Float64[np.ndarray, "_ _"], ...]

    def levels(self, samples: Samples, hop: int) -> Float64[np.ndarray, "bands frames"]:
        """Return the root mean square in each band of the frames, `hop` samples apart."""
        frames = np.lib.stride_tricks.sliding_window_view(samples, self.window.size)[::hop]
        parts = [self._energies(frames[i : i + _CHUNK]) for i in range(0, len(frames), _CHUNK)]
        levels: Float64[np.ndarray, "bands frames"] = np.sqrt(np.concatenate(parts)).T
        return levels

    def _energies(self, frames: Float64[np.ndarray, "frames size"]) -> Energies:
        shaped = frames * self.window
        spectra = np.fft.rfft(shaped, 2 * self.window.size)
        powers = np.square(spectra.real) + np.square(spectra.imag)
        rest = [np.square(shaped[:, -len(matrix) :] @ matrix) for matrix in self.ringing]
        states = np.concatenate(rest, axis=1).reshape(len(frames), -1, 2 * _ORDER)
        energies: Energies = np.maximum(powers @ self.spectral - states.sum(axis=2), 0)
        return energies


@lru_cache(maxsize=8)
def filter_bank(rate: int, size: int, bands: int, highest: float) -> FilterBank:
    """Return the bank for frames of `size` samples with centres from 50 Hz to below `highest`."""
    sections = _sections(_centres(bands, highest), rate)
    groups = range(0, bands, _GROUP)
    ringing = (_ringing(sections, slice(i, i + _GROUP), size) for i in groups)
    return FilterBank(np.hanning(size), _spectral(sections, size), tuple(ringing))


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


def _ringing(sections: _Sections, bands: slice, size: int) -> Float64[np.ndarray, "samples parts"]:
    """Return what takes the last samples of a frame to roots of the energy after it.

    There are 8 parts for each band, one a state of its filter.
    """
    columns = []
    for band in range(*bands.indices(sections.gain.size)):
        step, entry, exit_ = _state_space(sections, band)
        columns.append(_gramian_root(step, exit_) @ _powers(step, entry, size))
    parts = np.concatenate(columns) / np.sqrt(size)
    loud = np.abs(parts).max(axis=0) > _FAINT * np.abs(parts).max()
    return np.ascontiguousarray(parts[:, : np.flatnonzero(loud)[-1] + 1][:, ::-1].T)


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
