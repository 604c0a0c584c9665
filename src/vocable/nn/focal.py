"""Focal modulation: rows are multiplied by what is around them, near and far, as gates say.

"Focal Modulation Networks" (Yang et al. 2022, arXiv:2203.11926), over time, as FocalCodec has it.

    query, context, gates = map(row)
    context_n = GELU(depthwise convolution of context_{n-1}); the last may be its mean over time
    y = map(query · map(Σ gate_n · context_n))
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.activation import GELU
from vocable.nn.block import Block, State
from vocable.nn.conv import Conv1d, DepthwiseConv1d
from vocable.nn.first_row import FirstRowConv1d
from vocable.nn.linear import Linear


class FocalModulation(Block):
    """Modulate rows by contexts of the past; before the first row lies itself.

    kernels: rows that the convolutions see, each over the one before it.
    """

    means = 0  # contexts behind those of the convolutions

    def __init__(self, channels: int, kernels: Sequence[int]) -> None:
        super().__init__()
        if not kernels or min(kernels) < 1:
            raise ModelError(f"kernels are {tuple(kernels)}; give 1 or more, of 1 row or more each")
        self.channels = self.channels_out = channels
        self.into = Linear(channels, 2 * channels + len(kernels) + self.means)
        self.convs = nn.ModuleList(self._conv(channels, kernel) for kernel in kernels)
        self.mix, self.out = Linear(channels, channels), Linear(channels, channels)
        self.gelu = GELU()
        self.receptive = 1 + sum(kernel - 1 for kernel in kernels)

    def _conv(self, channels: int, kernel: int) -> Conv1d:
        return FirstRowConv1d(channels, channels, kernel, groups=channels)

    def initial_state(self, batch: int) -> State:
        """Return the states of the convolutions."""
        return tuple(conv.initial_state(batch) for conv in self._convs())

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Modulate the rows by contexts that go on."""
        query, context, gates = self._parted(x)
        total, after = torch.zeros_like(context), []
        for conv, own, gate in zip(self._convs(), state, torch.split(gates, 1, 2), strict=True):
            context, own = conv.step(context, own)
            context = self.gelu(context)
            total = torch.addcmul(total, context, gate)
            after.append(own)
        return self._modulated(query, total), tuple(after)

    def _parted(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return query, context and gates of rows."""
        rows = self.into(x)
        query, context, gates = rows.tensor_split((self.channels, 2 * self.channels), 2)
        return query, context.contiguous(), gates

    def _modulated(self, query: Tensor, total: Tensor) -> Tensor:
        y: Tensor = self.out(query * self.mix(total))
        return y

    def _convs(self) -> tuple[Conv1d, ...]:
        return tuple(self.convs._modules.values())  # type: ignore[arg-type]


class WholeFocalModulation(FocalModulation):
    """Modulate rows by what is on both sides of them, and by the mean over the recording.

    The mean needs the recording to its end, so it runs whole only: `lookahead` is None.
    """

    means = 1
    lookahead = None

    def __init__(self, channels: int, kernels: Sequence[int]) -> None:
        super().__init__(channels, kernels)
        self.receptive = None

    def _conv(self, channels: int, kernel: int) -> Conv1d:
        return DepthwiseConv1d(channels, kernel, pad=((kernel - 1) // 2, kernel // 2))

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Modulate the rows of a recording."""
        if not x.shape[1]:
            return x
        query, context, gates = self._parted(x)
        total = torch.zeros_like(context)
        *near, far = torch.split(gates, 1, 2)
        for conv, gate in zip(self._convs(), near, strict=True):
            context = self.gelu(conv(context))
            total = torch.addcmul(total, context, gate)
        mean: Tensor = self.gelu(context.mean(1, keepdim=True))
        return self._modulated(query, total + mean * far)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Refuse: the mean over the recording needs its last row."""
        raise ModelError(
            "WholeFocalModulation takes the mean over the whole recording, so it has no steps; run "
            "it whole"
        )
