"""What prosody reads in FACodec's second version: the lowest bands of a mel spectrum.

They hold the pitch and its first harmonics, and little of what tells vowels apart.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.facodec_layers import first_position
from vocable.errors import ModelError
from vocable.nn import Block, LayerNorm, Linear, Stack
from vocable.ratio import Ratio
from vocable.signal.slaney import slaney_filters
from vocable.signal.spectra import hann

_FLOOR, _EDGE = 1e-5, 1e-9  # of a band; what is added to the energy of a bin


class WholeBlock(Block):
    """A block without steps: its rows need the whole recording."""

    lookahead = None
    receptive = None

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Refuse: rows need what is still to come."""
        raise ModelError(f"{type(self).__name__} hears the whole recording; run the block whole")


class LowMels(WholeBlock):
    """The logarithms of the lowest of `count` mel bands, `[B, T, 1] -> [B, T / frame, bands]`.

    Frames lie in the middle of their windows: both ends of the recording are mirrored. One that is
    too short for that is filled up with silence.
    """

    def __init__(
        self, rate: int, frame: int, bands: int, count: int, transform: int, window: int
    ) -> None:
        super().__init__()
        if not 0 < bands <= count or window > transform or (transform - frame) % 2:
            raise ModelError(
                f"prosody reads the first of some mel bands, of windows inside a transform that is "
                f"longer than a frame of {frame} by an even number; got {bands} of {count} bands, "
                f"{window} of {transform} samples"
            )
        self.stride_in, self.ratio, self.channels_out = frame, Ratio(1, frame), bands
        self.transform, self.window, self.edge = transform, window, (transform - frame) // 2
        filters = torch.from_numpy(slaney_filters(rate, transform, count)[:, :bands].copy())
        self.register_buffer("filters", filters.float(), persistent=False)

    filters: Tensor

    def forward(self, x: Float[Tensor, "batch time 1"]) -> Float[Tensor, "batch frames bands"]:
        """Return a row a frame."""
        frames = x.shape[1] // self.stride_in
        x = F.pad(x[..., 0], (0, max(0, self.edge + 1 - x.shape[1])))
        x = F.pad(x, (self.edge, self.edge), mode="reflect")
        spectrum = torch.stft(
            x, self.transform, self.stride_in, self.window, hann(self.window, x.device),
            center=False, return_complex=True,
        )  # fmt: skip
        energy = spectrum.real.square() + spectrum.imag.square() + _EDGE
        mels: Tensor = energy.sqrt().transpose(1, 2)[:, :frames] @ self.filters
        return mels.clamp(min=_FLOOR).log()


class Prosody(WholeBlock):
    """What a transformer makes of the lowest bands, `[B, T, 1] -> [B, T / frame, width]`."""

    constant: Tensor

    def __init__(self, mels: LowMels, width: int, layers: Stack) -> None:
        super().__init__()
        self.stride_in, self.ratio, self.channels_out = mels.stride_in, mels.ratio, width
        self.mels, self.into = mels, Linear(mels.channels_out or 0, width)
        self.register_buffer("constant", first_position(width), persistent=False)
        self.layers, self.norm = layers, LayerNorm(width)

    def forward(self, x: Float[Tensor, "batch time 1"]) -> Float[Tensor, "batch frames width"]:
        """Return a row a frame."""
        rows: Tensor = self.norm(self.layers(self.into(self.mels(x)) + self.constant))
        return rows


class WithProsody(WholeBlock):
    """Latents, and what prosody reads behind them in the channels."""

    def __init__(self, latents: Stack, prosody: Prosody) -> None:
        super().__init__()
        self.latents, self.prosody = latents, prosody
        self.stride_in, self.ratio = latents.stride_in, latents.ratio
        self.channels_out = (latents.channels_out or 0) + (prosody.channels_out or 0)

    def forward(self, x: Float[Tensor, "batch time 1"]) -> Float[Tensor, "batch frames channels"]:
        """Return both side by side."""
        return torch.cat((self.latents(x), self.prosody(x)), 2)
