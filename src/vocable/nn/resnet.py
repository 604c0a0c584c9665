"""The residual block of diffusion models' autoencoders, along time."""

from __future__ import annotations

from vocable.nn.activation import SiLU
from vocable.nn.block import Block, Residual, Stack
from vocable.nn.conv import Conv1d
from vocable.nn.norm import GroupNorm


class ResnetBlock(Residual):
    """`x` + norm, SiLU, convolution, twice; norms are over a whole recording, so whole only.

    As in "High-Resolution Image Synthesis with Latent Diffusion Models" (Rombach et al. 2021,
    arXiv:2112.10752), from where WavTokenizer, X-Codec 2 and NeuCodec have it. groups: of channels,
    that are normalised together.
    """

    def __init__(self, channels: int, *, groups: int = 32, eps: float = 1e-6) -> None:
        members: list[Block] = []
        for _ in range(2):
            norm = GroupNorm(groups, channels, eps=eps)
            members += [norm, SiLU(), Conv1d(channels, channels, 3, pad=(1, 1))]
        super().__init__(Stack(*members))
