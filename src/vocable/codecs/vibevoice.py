"""VibeVoice's two tokenizers: causal networks whose frames are floats, for what is heard and said.

"VibeVoice Technical Report" (Peng et al. 2025, arXiv:2508.19205), section 2.1.

    model               Hz      samples a frame  frames/s  floats a frame
    vibevoice           24 000  3200             7.5       64    encodes and decodes
    vibevoice_semantic  24 000  3200             7.5       128   encodes

    encoder    a convolution; seven stages of blocks, each a depthwise convolution and an MLP beside
               their skips, with a strided convolution between stages; a convolution
    decoder    the same, the other way round

The acoustic one is a variational autoencoder of a fixed spread: its encoder says the mean, and its
tokens are that mean. The language model was trained on means with noise, `mean + s · n`, n normal
and s normal times 0.625, one s an item: who trains on its latents adds that. All is causal, so it
streams: 133 ms of sound in, one frame out, and back.

Differences: `transformers` sets the loudness of a whole recording to -25 dB before it encodes,
which no stream can know; here it is encoded as it is. A recording that ends inside a frame is
filled up with silence, as there. What only training needs is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.model import TokenizerModel, untrained
from vocable.nn import (
    GELU,
    Block,
    Conv1d,
    ConvTranspose1d,
    DepthwiseConv1d,
    Linear,
    Residual,
    RMSNorm,
    Scale,
    Stack,
)
from vocable.quantize import Unquantized
from vocable.tokens import Latent, TokenSpec


@dataclass(frozen=True)
class VibeVoiceConfig:
    """The sizes of the acoustic tokenizer, as published."""

    rate: int = 24_000  # Hz
    channels: int = 1
    latent: int = 64  # floats a frame
    filters: int = 32  # channels of the first stage; each stage has twice those before it
    kernel: int = 7  # of all convolutions but those between stages
    strides: tuple[int, ...] = (2, 2, 4, 5, 5, 8)  # between the encoder's stages
    depths: tuple[int, ...] = (3, 3, 3, 3, 3, 3, 8)  # blocks of each of the encoder's stages
    expansion: int = 4  # of a block's MLP
    norm_eps: float = 1e-5
    scale: float = 1e-6  # of each block's branches, before training

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return math.prod(self.strides)

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each of the encoder's stages."""
        return tuple(self.filters * 2**stage for stage in range(len(self.depths)))


@dataclass(frozen=True)
class VibeVoiceSemanticConfig(VibeVoiceConfig):
    """The sizes of the semantic tokenizer, as published."""

    latent: int = 128


def vibevoice() -> VibeVoiceConfig:
    """Return the sizes of the acoustic tokenizer, as published."""
    return VibeVoiceConfig()


def vibevoice_semantic() -> VibeVoiceSemanticConfig:
    """Return the sizes of the semantic tokenizer, as published."""
    return VibeVoiceSemanticConfig()


def stage(config: VibeVoiceConfig, width: int, depth: int) -> Stack:
    """Return the blocks of a stage, `[B, T, width] -> [B, T, width]`."""
    c = config

    def mixer() -> Block:
        conv = DepthwiseConv1d(width, c.kernel)
        return Residual(Stack(RMSNorm(width, eps=c.norm_eps), conv, Scale(width, c.scale)))

    def mlp() -> Block:
        wide = c.expansion * width
        maps = Linear(width, wide), GELU(), Linear(wide, width)
        return Residual(Stack(RMSNorm(width, eps=c.norm_eps), *maps, Scale(width, c.scale)))

    return Stack(*(Stack(mixer(), mlp()) for _ in range(depth)))


def encoder(config: VibeVoiceConfig) -> Stack:
    """Return `[B, T, channels] -> [B, T / frame, latent]`."""
    c = config
    blocks: list[Block] = [Conv1d(c.channels, c.widths[0], c.kernel)]
    for n, (width, depth) in enumerate(zip(c.widths, c.depths, strict=True)):
        if n:
            stride = c.strides[n - 1]
            blocks.append(Conv1d(c.widths[n - 1], width, 2 * stride, stride=stride))
        blocks.append(stage(c, width, depth))
    return Stack(*blocks, Conv1d(c.widths[-1], c.latent, c.kernel))


def decoder(config: VibeVoiceConfig) -> Stack:
    """Return `[B, F, latent] -> [B, F · frame, channels]`."""
    c, widths, strides = config, config.widths[::-1], config.strides[::-1]
    blocks: list[Block] = [Conv1d(c.latent, widths[0], c.kernel)]
    for n, (width, depth) in enumerate(zip(widths, c.depths[::-1], strict=True)):
        if n:
            stride = strides[n - 1]
            blocks.append(ConvTranspose1d(widths[n - 1], width, 2 * stride, stride=stride))
        blocks.append(stage(c, width, depth))
    return Stack(*blocks, Conv1d(widths[-1], c.channels, c.kernel))


class VibeVoice(CodecModel):
    """The acoustic tokenizer, as its config says."""

    not_in_codes = frozenset({"scale"})

    def __init__(self, config: VibeVoiceConfig) -> None:
        super().__init__(config, spec(config, "vibevoice", "acoustic"))
        self.encoder, self.decoder = encoder(config), decoder(config)
        self.quantizer = Unquantized(config.latent)


class VibeVoiceSemantic(TokenizerModel):
    """The semantic tokenizer, as its config says: what is said, without a way back to sound."""

    not_in_codes = frozenset({"scale"})

    def __init__(self, config: VibeVoiceSemanticConfig) -> None:
        super().__init__(config, spec(config, "vibevoice-semantic", "semantic"))
        self.encoder, self.quantizer = encoder(config), Unquantized(config.latent)


def spec(config: VibeVoiceConfig, name: str, role: str) -> TokenSpec:
    """Return what the frames are."""
    c = config
    return TokenSpec(
        untrained(name),
        rate=c.rate,
        frame=c.frame,
        channels=c.channels,
        levels=(Latent(c.latent, role),),
        prefixes=(1,),
    )
