"""Bands back to sound without a model: magnitudes between rows, and phases that follow their peaks.

"Single Pass Spectrogram Inversion" (Beauregard, Harish, Wyse 2015): each bin turns as fast as the
peak that is nearest to it, whose frequency lies between bins. One pass, no iterations: it runs
whole and in steps.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vocable.codecs.source_filter import Placed
from vocable.nn import Block, InverseSTFT, Stack
from vocable.nn.block import join
from vocable.ratio import Ratio
from vocable.signal.slaney import slaney_filters
from vocable.signal.spectra import CPU

FINER = 4  # rows of the inverse transform for each
LOUDER = 8.0  # than what the inverse transform gives, which cuts magnitudes at 100
_QUIETEST = 1e-6  # magnitude of a bin
_FAR = 1 << 30  # bins: no peak on that side


def dmel_decoder(
    rate: int, frame: int, transform: int, bands: int, lowest: float, highest: float
) -> Stack:
    """Return `[B, F, bands] -> [B, F · frame, 1]`; sound is 1 / LOUDER as loud as it should be.

    Rows are logarithms to base 10 of bands of magnitudes of `transform` samples.
    """
    return Stack(
        Between(),
        Magnitudes(rate, 2 * frame, transform, bands, lowest, highest),
        PeakPhases(2 * frame, frame // FINER),
        InverseSTFT(2 * frame, frame // FINER),
    )


class Between(Block):
    """Four rows for each, on the lines from it to the next, an eighth from both ends.

    A row stands around the beginning of its frame, and those between in the middle of quarters.
    """

    ratio, lookahead, receptive = Ratio(FINER), 1, 2

    def initial_state(self, batch: int) -> Any:
        """Return the rows that wait for the next: none yet."""
        return self.zeros(batch, 0, 0)

    def step(
        self, x: Float[Tensor, "batch rows bands"], state: Any
    ) -> tuple[Float[Tensor, "batch rows_out bands"], Any]:
        """Return the rows between those that have come."""
        rows = join(state, x)
        parts = (torch.arange(FINER, device=x.device, dtype=x.dtype) + 0.5)[:, None] / FINER
        y = torch.lerp(rows[:, :-1, None], rows[:, 1:, None], parts)
        return y.flatten(1, 2), rows[:, -1:].clone()

    def finish(self, state: Any) -> Float[Tensor, "batch rows_out bands"]:
        """Return the last row, repeated."""
        last: Tensor = state
        return last.repeat_interleave(FINER, 1)


class Magnitudes(Placed):
    """Bands to the logarithms of magnitudes, `[B, F, bands] -> [B, F, window / 2 + 1]`.

    The least spectrum that the filters would give these bands, nowhere below 0.
    """

    def __init__(
        self, rate: int, window: int, transform: int, bands: int, lowest: float, highest: float
    ) -> None:
        super().__init__()
        self.filters = rate, window, transform, bands, lowest, highest
        self.channels_out = window // 2 + 1

    def step(
        self, x: Float[Tensor, "batch rows bands"], state: Any
    ) -> tuple[Float[Tensor, "batch rows bins"], Any]:
        """Map each row; there is no state."""
        return self.forward(x), state

    def forward(self, x: Float[Tensor, "batch rows bands"]) -> Float[Tensor, "batch rows bins"]:
        """Map each row."""
        with torch.autocast(x.device.type, enabled=False):
            found = (10.0 ** x.float()) @ _unmixing(*self.filters, x.device)
            return found.clamp(min=_QUIETEST).log() - math.log(LOUDER)


class PeakPhases(Placed):
    """Log magnitudes to rows of an inverse transform: the same, and phases that follow the peaks.

    State: the phase of each bin in the middle of the last window.
    """

    def __init__(self, window: int, hop: int) -> None:
        super().__init__()
        self.window, self.hop = window, hop
        self.channels_out = window + 2
        self.receptive = None

    def initial_state(self, batch: int) -> Any:
        """Return phases of 0."""
        return self.zeros(batch, self.window // 2 + 1)

    def step(
        self, x: Float[Tensor, "batch rows bins"], state: Any
    ) -> tuple[Float[Tensor, "batch rows twice"], Any]:
        """Turn the phases row by row."""
        nearest, frequency = _peaks(x)
        turns = (2 * math.pi * self.hop / self.window) * frequency.gather(2, nearest)
        found = []
        for peak, turn in zip(nearest.unbind(1), turns.unbind(1), strict=True):
            state = (state.gather(1, peak) + turn) % (2 * math.pi)
            found.append(state)
        # bins that are neighbours turn by half around the beginning of a window
        half = math.pi * (torch.arange(x.shape[2], device=x.device) % 2).to(x.dtype)
        phases = torch.stack(found, 1) + half if found else torch.zeros_like(x)
        return torch.cat((x, phases), 2), state


def _peaks(
    x: Float[Tensor, "batch rows bins"],
) -> tuple[Int[Tensor, "batch rows bins"], Float[Tensor, "batch rows bins"]]:
    """Return for each bin the nearest peak, and its own frequency in bins, as if it were one.

    A row without peaks has each bin for itself. Frequencies are those of parabolas through three
    bins.
    """
    bins = torch.arange(x.shape[2], device=x.device).expand(x.shape)
    below, middle, above = x[..., :-2], x[..., 1:-1], x[..., 2:]
    inner = (middle > below) & (middle >= above)
    is_peak = torch.nn.functional.pad(inner, (1, 1))
    before = torch.where(is_peak, bins, -_FAR).cummax(2).values
    after = torch.where(is_peak, bins, _FAR).flip(2).cummin(2).values.flip(2)
    nearest = torch.where(bins - before <= after - bins, before, after)
    nearest = torch.where(nearest.abs() < _FAR, nearest, bins)
    curve = (below - 2 * middle + above).clamp(max=-1e-9)
    offset = (0.5 * (below - above) / curve).clamp(-0.5, 0.5)
    offset = torch.where(inner, offset, torch.zeros_like(offset))
    return nearest, bins + torch.nn.functional.pad(offset, (1, 1))


@lru_cache(maxsize=8)
@torch.inference_mode(False)
def _unmixing(
    rate: int,
    window: int,
    transform: int,
    bands: int,
    lowest: float,
    highest: float,
    device: torch.device = CPU,
) -> Float[Tensor, "bands bins"]:
    """Return the pseudo-inverse of the filters, as they would be on the bins of a window."""
    filters = torch.tensor(slaney_filters(rate, window, bands, lowest, highest), device=CPU)
    found: Tensor = torch.linalg.pinv(filters * (transform / window))
    return found.float().to(device)
