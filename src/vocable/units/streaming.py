"""Units that are made while one speaks: 50 a second, each 65 ms after what it stands for.

A transformer over log-mel frames, trained to tell what is masked in the manner of "HuBERT:
Self-Supervised Speech Representation Learning by Masked Prediction of Hidden Units" (Hsu et al.
2021, arXiv:2106.07447), or to tell phones; then k-means on the output of a block in the middle.

Different here: log-mels in place of convolutions over samples (as Fast-HuBERT, arXiv:2309.13860);
attention looks back over a window only, with rotary positions, and a convolution in front looks
`ahead` frames ahead: so recordings are encoded in steps and in bounded memory; fixed statistics in
place of those of the recording; each block's map of rows follows a depthwise convolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.model import TokenizerModel, untrained
from vocable.errors import ModelError
from vocable.nn.block import Block, Stack, State
from vocable.nn.conv import Conv1d
from vocable.nn.convnext import ConvNeXtBlock
from vocable.nn.norm import LayerNorm
from vocable.nn.transformer import AttentionBlock
from vocable.quantize import VQ
from vocable.tokens import Level, TokenSpec
from vocable.units.log_mel_frames import HOP, RATE, WINDOW, LogMelFrames


@dataclass(frozen=True)
class StreamingUnitsConfig:
    """The shape of a model: `layers` is the block whose output is clustered, and the last one."""

    bands: int = 80
    ahead: int = 3  # frames of 20 ms that are heard after the one that is told
    channels: int = 256
    layers: int = 4
    heads: int = 4
    context: int = 100  # frames that attention sees
    kernel: int = 7  # frames of the depthwise convolutions
    expansion: int = 4  # of each block's map of rows
    units: int = 100


class Standardise(Block):
    """Centre and scale each channel by fixed numbers, so that no few of them decide on distance."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("deviation", torch.ones(channels))

    mean: Tensor
    deviation: Tensor

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Standardise each channel."""
        return (x - self.mean) / self.deviation

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Standardise each channel; there is no state."""
        return self.forward(x), state


class UnitsEncoder(Stack):
    """Samples to what is clustered: `frames`, `entry`, `layers`, `norm`, `standardise`."""

    def __init__(self, config: StreamingUnitsConfig) -> None:
        ahead = config.ahead
        super().__init__(
            LogMelFrames(config.bands),
            Conv1d(2 * config.bands, config.channels, 2 * ahead + 1, pad=(ahead, ahead)),
            Stack(*(block_of(config) for _ in range(config.layers))),
            LayerNorm(config.channels, affine=False),
            Standardise(config.channels),
        )

    @property
    def frames(self) -> LogMelFrames:
        """The log-mels."""
        return cast("LogMelFrames", self.blocks[0])

    @property
    def entry(self) -> Conv1d:
        """The map of log-mels to channels, which looks ahead."""
        return cast("Conv1d", self.blocks[1])

    @property
    def layers(self) -> Stack:
        """The blocks of attention and convolution."""
        return cast("Stack", self.blocks[2])

    @property
    def norm(self) -> LayerNorm:
        """What brings each frame to mean 0 and variance 1: units are then of what is said more than
        of how loud the net is about it.
        """
        return cast("LayerNorm", self.blocks[3])

    @property
    def standardise(self) -> Standardise:
        """The last map."""
        return cast("Standardise", self.blocks[4])


class StreamingUnits(TokenizerModel):
    """Log-mels, blocks of attention and convolution, and a codebook of cluster centres."""

    stored_dtype = torch.float16

    encoder: UnitsEncoder
    quantizer: VQ

    def __init__(self, config: StreamingUnitsConfig) -> None:
        if min(config.layers, config.units, config.ahead + 1, config.bands) < 1:
            raise ModelError(f"units need 1 or more layers, units and bands, got {config}")
        level = Level(config.units, role="semantic")
        spec = TokenSpec(
            space=untrained("units"),
            rate=RATE,
            frame=HOP,
            channels=1,
            levels=(level,),
            prefixes=(1,),
            window=WINDOW,
        )
        super().__init__(config, spec)
        self.encoder = UnitsEncoder(config)
        self.quantizer = VQ(
            config.channels, config.units, update=None, revival=None, initialise=None
        )


def block_of(config: StreamingUnitsConfig) -> Block:
    """Return one block: attention, then a depthwise convolution and a map of rows."""
    attention = AttentionBlock(config.channels, config.heads, context=config.context, scale=0.3)
    convolution = ConvNeXtBlock(
        config.channels, kernel=config.kernel, expansion=config.expansion, scale=0.3
    )
    return Stack(attention, convolution)
