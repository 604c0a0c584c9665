"""Find what makes a recording a poor one to train on: clipping, a narrow band, a copy, silence."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from vocable.measures.content import band_end

FULL_SCALE = 0.9999  # of a sample: 16 bits end at 0.99997
FLAT = 3  # samples in a row at full scale are clipped; a peak that was fitted to it has fewer
SHORTEST = 0.1  # seconds
NARROW = 0.55  # of half the rate: a band that ends below was recorded at a lower rate
_EVERY = 8  # frames of 20 ms, of which one is looked at: enough for a mean, and fast

KINDS = {
    "short": f"shorter than {SHORTEST} s, so left out",
    "silent": "silent throughout, so left out",
    "clipped": "clipped",
    "narrow": "of a narrow band, as if recorded at a lower rate",
    "copy": "the same samples as another",
}
LEFT_OUT = ("short", "silent")


class FaultFinder:
    """Looks at a recording in blocks `[channels, samples]`: frames of 20 ms, but for the last."""

    def __init__(self, rate: int) -> None:
        self._rate, self._size = rate, rate // 50
        self._clipped = self._frames = 0
        self._full = np.zeros((1, FLAT), dtype=bool)  # which of the last samples are at full scale
        self._power = np.zeros(self._size // 2 + 1)
        self._digest = hashlib.sha256(str(rate).encode())

    def push(self, block: Float32[np.ndarray, "channels samples"]) -> None:
        """Take the next block."""
        self._digest.update(np.ascontiguousarray(block.T).data)
        if max(block.max(initial=0), -block.min(initial=0)) >= FULL_SCALE or self._full.any():
            self._count_clipped(np.asarray(np.abs(block) >= FULL_SCALE))
        used = block.shape[1] // self._size * self._size
        frames = block[:, :used].reshape(len(block), -1, self._size)
        chosen = frames[:, -self._frames % _EVERY :: _EVERY].mean(axis=0)
        window = np.hanning(self._size + 1)[:-1].astype(np.float32)
        self._power += np.square(np.abs(np.fft.rfft(chosen * window))).sum(axis=0)
        self._frames += frames.shape[1]

    def _count_clipped(self, block: Bool[np.ndarray, "channels samples"]) -> None:
        """Count the places in which FLAT samples or more in a row are at full scale."""
        before = np.broadcast_to(self._full, (len(block), FLAT))
        full: Bool[np.ndarray, "channels more"] = np.concatenate([before, block], axis=1)
        self._full = full[:, -FLAT:]
        windows = np.lib.stride_tricks.sliding_window_view(full, FLAT, axis=1)
        flat = np.asarray(windows.all(axis=2))
        self._clipped += int((flat[:, 1:] & ~flat[:, :-1]).sum())

    @property
    def digest(self) -> str:
        """What equal samples at an equal rate have in common, in whatever format."""
        return self._digest.hexdigest()

    def facts(self) -> dict[str, Any]:
        """Return `clipped`, places at full scale, and `band_end`, Hz above which nothing is."""
        end = band_end(self._power, self._rate / self._size)
        return {"clipped": self._clipped, "band_end": None if end is None else round(end)}


def kinds_of(row: dict[str, Any]) -> list[str]:
    """Return which of KINDS a row of a manifest shows: all but copies."""
    if row["seconds"] < SHORTEST:
        return ["short"]
    if row["loudness"] is None:
        return ["silent"]
    found = {
        "clipped": row["clipped"] > row["seconds"] / 60,  # more than one place a minute
        "narrow": row["band_end"] is not None and row["band_end"] < NARROW * row["rate"] / 2,
    }
    return [kind for kind, holds in found.items() if holds]
