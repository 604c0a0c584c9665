"""Change the sample rate, whole or block by block, with the same samples either way.

The length rule: n samples at rate a are `ceil(n * b / a)` samples at rate b. Rounding up loses
nothing: there and back never gives fewer samples than there were, so the way back only has to cut.
"""

from __future__ import annotations

import numpy as np
import soxr
from jaxtyping import Float32

from ..errors import AudioError
from .samples import check_rate


def resampled_length(samples: int, rate: int, to: int) -> int:
    """Return how many samples at rate `to` so many at `rate` become: `ceil(n · to / rate)`."""
    return -(-samples * to // rate)


def resample(
    samples: Float32[np.ndarray, "channels samples"], rate: int, to: int
) -> Float32[np.ndarray, "channels resampled"]:
    """Return `samples` (at `rate` Hz) at `to` Hz, `resampled_length` of them, not delayed."""
    resampler = Resampler(rate, to, len(samples))
    return np.concatenate([resampler.step(samples), resampler.finish()], axis=1)


class Resampler:
    """Changes the rate of one recording that comes in blocks (soxr, high quality).

    What all `step`s and the `finish` give, joined, is exactly `resample` of the whole, for blocks
    of any size. Memory is that of the largest block.
    """

    def __init__(self, rate: int, to: int, channels: int) -> None:
        """Take blocks `[channels, samples]` at `rate` Hz, give blocks at `to` Hz."""
        self.rate = check_rate(rate)
        self.to = check_rate(to, name="target rate")
        self.channels = channels
        self._taken = 0
        self._given = 0
        self._finished = False
        self._stream = None if rate == to else _open(self.rate, self.to, channels)

    def step(
        self, block: Float32[np.ndarray, "channels samples"]
    ) -> Float32[np.ndarray, "channels resampled"]:
        """Take the next samples and return those of the result that they settle (maybe none)."""
        if self._finished:
            raise AudioError(
                "this resampler has finished its recording; make a new one for another"
            )
        if len(block) != self.channels:
            raise AudioError(f"block has {len(block)} channels, the recording {self.channels}")
        self._taken += block.shape[1]
        return self._cut(self._push(block))

    def finish(self) -> Float32[np.ndarray, "channels resampled"]:
        """Return the rest of the result, up to its exact length."""
        # soxr rounds the length to the nearest; silence for two more samples makes it no shorter
        # than ours, and is what it takes to lie behind the end anyway.
        if self._finished:
            return np.zeros((self.channels, 0), np.float32)
        silence = np.zeros((self.channels, 2 * self.rate // self.to + 1), np.float32)
        rest = self._cut(self._push(silence, last=True))
        self._finished = True
        return rest

    def _push(self, block: np.ndarray, *, last: bool = False) -> np.ndarray:
        if self._stream is None:
            return block[:, :0] if last else block
        rows = np.ascontiguousarray(block.T, dtype=np.float32)
        return np.ascontiguousarray(self._stream.resample_chunk(rows, last=last).T)

    def _cut(self, block: np.ndarray) -> np.ndarray:
        # Until the end is known, the samples so far bound what may be given.
        left = resampled_length(self._taken, self.rate, self.to) - self._given
        block = block[:, : max(left, 0)]
        self._given += block.shape[1]
        return block


def _open(rate: int, to: int, channels: int) -> soxr.ResampleStream:
    try:
        return soxr.ResampleStream(rate, to, channels, dtype="float32", quality="HQ")
    except (RuntimeError, ValueError) as error:
        raise AudioError(f"cannot resample {rate} Hz to {to} Hz ({error})") from error
