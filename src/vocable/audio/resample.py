"""Change the sample rate, whole or block by block, with the same samples either way.

n samples at rate a become `ceil(n * b / a)` samples at rate b. Since this rounds up, resampling to
another rate and back never gives fewer samples than at first; the surplus can be cut off.
"""

from __future__ import annotations

import numpy as np
import soxr
from jaxtyping import Float32

from ..errors import AudioError
from .samples import check_rate


def resampled_length(samples: int, rate: int, to: int) -> int:
    """Return how many samples at `to` Hz that many at `rate` Hz become, `ceil(n · to / rate)`."""
    return -(-samples * to // rate)


def resample(
    samples: Float32[np.ndarray, "channels samples"], rate: int, to: int
) -> Float32[np.ndarray, "channels resampled"]:
    """Return `samples` (at `rate` Hz) at `to` Hz, without delay; `resampled_length` of them."""
    resampler = Resampler(rate, to, len(samples))
    return np.concatenate([resampler.step(samples), resampler.finish()], axis=1)


class Resampler:
    """Changes the rate of one recording that comes in blocks (soxr, high quality).

    The outputs of all `step`s and of `finish`, joined, are exactly `resample` of the whole, for
    blocks of any size. Memory is that of the largest block.
    """

    def __init__(self, rate: int, to: int, channels: int) -> None:
        """Prepare for blocks `[channels, samples]` at `rate` Hz, to become blocks at `to` Hz."""
        self.rate = check_rate(rate)
        self.to = check_rate(to, name="target rate")
        self.channels = channels
        self._samples_in = 0
        self._samples_out = 0
        self._finished = False
        self._soxr = None if rate == to else _open(self.rate, self.to, channels)

    def step(
        self, block: Float32[np.ndarray, "channels samples"]
    ) -> Float32[np.ndarray, "channels resampled"]:
        """Take the next samples and return the output that they complete (maybe none)."""
        if self._finished:
            raise AudioError(
                "this resampler has finished its recording; make a new one for the next"
            )
        if len(block) != self.channels:
            raise AudioError(f"block has {len(block)} channels, the recording {self.channels}")
        self._samples_in += block.shape[1]
        return self._cut(self._push(block))

    def finish(self) -> Float32[np.ndarray, "channels resampled"]:
        """Return the rest of the output, up to its exact length."""
        # soxr rounds the length to the nearest integer, ours is rounded up. Silence worth two
        # samples of output makes soxr's no shorter; it assumes silence after the end anyway.
        if self._finished:
            return np.zeros((self.channels, 0), np.float32)
        silence = np.zeros((self.channels, 2 * self.rate // self.to + 1), np.float32)
        rest = self._cut(self._push(silence, last=True))
        self._finished = True
        return rest

    def _push(self, block: np.ndarray, *, last: bool = False) -> np.ndarray:
        if self._soxr is None:
            return block[:, :0] if last else block
        rows = np.ascontiguousarray(block.T, dtype=np.float32)
        return np.ascontiguousarray(self._soxr.resample_chunk(rows, last=last).T)

    def _cut(self, block: np.ndarray) -> np.ndarray:
        # soxr may run ahead: the output never exceeds the exact length for the input so far.
        left = resampled_length(self._samples_in, self.rate, self.to) - self._samples_out
        block = block[:, : max(left, 0)]
        self._samples_out += block.shape[1]
        return block


def _open(rate: int, to: int, channels: int) -> soxr.ResampleStream:
    try:
        return soxr.ResampleStream(rate, to, channels, dtype="float32", quality="HQ")
    except (RuntimeError, ValueError) as error:
        raise AudioError(f"cannot resample {rate} Hz to {to} Hz ({error})") from error
