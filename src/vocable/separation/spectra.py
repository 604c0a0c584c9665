"""Short-time spectra as filters that are given and not learnt, whole or in steps.

A window and the root of its Hann taper, before and after the change to spectra: where every sample
has all of its windows, the spectra of sound are the sound again. Masks over magnitudes of spectra
part speakers after far fewer steps of training than masks over filters that are learnt with them;
"Demystifying TasNet: A dissecting approach" (Heitkaemper et al. 2020, arXiv:1911.08895) takes
networks of both kinds apart.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.nn import Block, State
from vocable.nn.block import tail
from vocable.ratio import Ratio
from vocable.signal.spectra import overlap_add, root_hann


class Spectra(Block):
    """Samples `[batch, samples, 1]` to spectra `[batch, frames, window + 2]`.

    A row is the real parts of all bins, then their imaginary ones. Frame f is of the `window`
    samples from f · stride on; zeros follow the last.
    """

    place: Tensor  # empty: keeps where the block is, which has no weights

    def __init__(self, window: int, stride: int) -> None:
        super().__init__()
        self.register_buffer("place", torch.zeros(0), persistent=False)
        self.window, self.stride, self.late = window, stride, window - stride
        self.stride_in, self.ratio = stride, Ratio(1, stride)
        self.lookahead, self.receptive = self.late, window
        self.channels_out = window + 2

    def forward(self, x: Float[Tensor, "batch samples 1"]) -> Float[Tensor, "batch frames bins"]:
        """Take all windows at once."""
        return self._spectra(F.pad(x, (0, 0, 0, self.late)))

    def initial_state(self, batch: int) -> State:
        """Return no samples: the first window begins at the first."""
        return self.zeros(batch, 0, 1)

    def step(
        self, x: Float[Tensor, "batch samples 1"], state: State
    ) -> tuple[Float[Tensor, "batch frames bins"], State]:
        """Take the windows that are complete; keep what later ones reach back to."""
        samples = torch.cat((state, x), 1)
        y = self._spectra(samples)
        return y, tail(samples, y.shape[1] * self.stride)

    def finish(self, state: State) -> Float[Tensor, "batch rest bins"]:
        """Take the windows that end in zeros."""
        return self._spectra(F.pad(state, (0, 0, 0, self.late if state.shape[1] else 0)))

    def _spectra(self, samples: Tensor) -> Tensor:
        if samples.shape[1] < self.window:
            return samples.new_zeros(len(samples), 0, self.window + 2)
        taper = root_hann(self.window, samples.device)
        bins = torch.fft.rfft(samples[..., 0].unfold(1, self.window, self.stride) * taper)
        return torch.cat((bins.real, bins.imag), 2)


class Overlapped(Block):
    """Spectra `[batch, frames, window + 2]`, as `Spectra` gives them, to samples.

    Each frame completes `stride` samples, `[batch, frames · stride, 1]`; the first `window -
    stride` samples of all lack the windows that began before them.
    """

    channels_out = 1
    place: Tensor  # empty: keeps where the block is, which has no weights

    def __init__(self, window: int, stride: int) -> None:
        super().__init__()
        self.register_buffer("place", torch.zeros(0), persistent=False)
        self.window, self.stride = window, stride
        self.ratio, self.receptive = Ratio(stride), window // stride

    def initial_state(self, batch: int) -> State:
        """Return what later frames add to: silence."""
        return self.zeros(batch, self.window - self.stride)

    def step(
        self, x: Float[Tensor, "batch frames bins"], state: State
    ) -> tuple[Float[Tensor, "batch samples 1"], State]:
        """Add the windows where they overlap."""
        if not x.shape[1]:
            return self.zeros(len(x), 0, 1), state
        taper = root_hann(self.window, x.device) * (2 * self.stride / self.window)
        real, imaginary = x.chunk(2, 2)
        windows = torch.fft.irfft(torch.complex(real, imaginary), self.window) * taper
        sound, after = overlap_add(windows, state, self.stride)
        return sound[..., None], after.clone()
