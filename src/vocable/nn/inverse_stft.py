"""Short-time spectra back into samples: the last layer of Vocos, and of the many that took it over.

"Vocos: Closing the gap between time-domain and Fourier-based neural vocoders for high-quality audio
synthesis" (Siuzdak 2023, arXiv:2306.00814).
"""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn.block import Block, State
from vocable.ratio import Ratio
from vocable.signal.spectra import hann, overlap_add

LOUDEST = 100.0  # magnitude of a bin


class InverseSTFT(Block):
    """Turn spectra into samples, `[batch, frames, window + 2] -> [batch, frames · hop, 1]`.

    A row is the log magnitudes of all bins, then their phases in radians; magnitudes end at 100.
    Frames are weighted by a Hann window of `window` samples, added where they overlap, and divided
    by the sum of the squared windows there. Samples are fp32 at least, whatever rows are.
    edge: "same", frame f stands in the middle of its own `hop` samples; "center", around sample
    f · hop as in `torch.istft`, so that the end lacks `hop` samples.
    """

    channels_out = 1
    place: Tensor  # empty: keeps where the block is, which has no weights

    def __init__(self, window: int, hop: int, *, edge: Literal["same", "center"] = "same") -> None:
        super().__init__()
        if hop < 1 or window < 2 * hop or window % 2 or (edge == "same" and hop % 2):
            raise ModelError(
                f"an inverse transform needs an even window of two hops or more, and an even hop "
                f'for edge "same", but has window {window}, hop {hop}, edge "{edge}"'
            )
        self.register_buffer("place", torch.zeros(0, dtype=torch.float32), persistent=False)
        self.window, self.hop = window, hop
        self.cut = window // 2 if edge == "center" else (window - hop) // 2  # samples, at each end
        self.short = hop if edge == "center" else 0
        self.ratio = Ratio(hop)
        self.lookahead = -(-self.cut // hop)
        self.receptive = -(-window // hop)

    def settled(self, rows: int) -> int:
        """Return how many samples are final: those that no later frame reaches."""
        return max(0, rows * self.hop - self.cut)

    def initial_state(self, batch: int) -> State:
        """Return samples that later frames reach, their weights, and as many rows as are cut."""
        open_samples = self.zeros(batch, -(-self.window // self.hop) * self.hop - self.hop)
        return open_samples, torch.zeros_like(open_samples), self.zeros(batch, self.cut, 0)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out 1"], State]:
        """Add the frames; give what none reaches any more."""
        if not x.shape[1]:
            return self.zeros(x.shape[0], 0, 1), state
        sound, weight, to_cut = state
        taper = hann(self.window, x.device)
        frames = torch.fft.irfft(_spectra(x), self.window) * taper
        sound, open_sound = overlap_add(frames, sound, self.hop)
        squares = taper.square().expand(frames.shape)
        weight, open_weight = overlap_add(squares, weight, self.hop)
        first = min(to_cut.shape[1], sound.shape[1])
        y = sound[:, first:] / weight[:, first:]
        after = open_sound.clone(), open_weight.clone(), to_cut[:, first:].clone()
        return y[..., None], after

    def finish(self, state: State) -> Float[Tensor, "batch rest 1"]:
        """Return the samples that only these frames reach, without those that are cut."""
        sound, weight, to_cut = state
        own = slice(to_cut.shape[1], self.window - self.hop - self.cut)
        y: Tensor = sound[:, own] / weight[:, own]
        return y[..., None]


def _spectra(x: Tensor) -> Tensor:
    """Return the complex bins of rows, in fp32 at least: `exp` leaves what fp16 can hold."""
    size, phase = x.to(torch.promote_types(x.dtype, torch.float32)).chunk(2, -1)
    return torch.polar(size.exp().clamp(max=LOUDEST), phase)
