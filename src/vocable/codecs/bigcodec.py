"""BigCodec: DAC's network, wide, with anti-aliased activations, an LSTM, and one level of 8192.

"BigCodec: Pushing the Limits of Low-Bitrate Neural Speech Codec" (Xin et al. 2024,
arXiv:2409.05377).

    model     Hz      samples a frame  frames/s  levels × size  bits/s
    bigcodec  16 000  200              80        1 × 8192       1040

Its LSTMs run forward, and all else looks ahead by a finite number of rows: it streams, and a sample
comes back within 714 ms, as it does from the whole recording.

Differences. Weights are plain, not weight-normed: the same function. The published script adds a
frame of silence to a recording of whole frames; here the tokens are those of the recording. New
codebooks begin at main axes and cluster centres, and dead entries revive; as published they do
neither.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.dac_blocks import anti_aliased, decoder_block, encoder_block
from vocable.codecs.decoder_strides import decoder_strides, out_rate
from vocable.codecs.model import untrained
from vocable.nn import LSTM, Block, Conv1d, Residual, Stack, Tanh
from vocable.quantize import Gradient, Normalised, ResidualVQ
from vocable.tokens import Level, TokenSpec


@dataclass(frozen=True)
class BigCodecConfig:
    """The sizes of a BigCodec, as published."""

    rate: int = 16_000  # Hz
    encoder_channels: int = 48  # of the first convolution; each stride doubles them
    strides: tuple[int, ...] = (2, 2, 2, 5, 5)  # of the encoder, in order; a frame is their product
    decoder_strides: tuple[int, ...] = ()  # in order, if not those of the encoder, last first
    lstm_layers: int = 2  # in the encoder, and in the decoder
    latent: int = 1024  # channels a frame
    decoder_channels: int = 1536  # after the decoder's first convolution; each stride halves them
    sizes: tuple[int, ...] = (8192,)  # entries of each level
    code_width: int = 8  # dimensions in which entries are searched

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return math.prod(self.strides)


def bigcodec() -> BigCodecConfig:
    """Return the sizes of BigCodec, as published."""
    return BigCodecConfig()


PUBLISHED = (bigcodec,)


def bigcodec_tiny() -> BigCodecConfig:
    """Return a codec of a few thousand weights, for tests: 8 kHz, 15 samples a frame."""
    return BigCodecConfig(
        rate=8000,
        encoder_channels=4,
        strides=(15,),
        lstm_layers=1,
        latent=8,
        decoder_channels=16,
        sizes=(16,),
        code_width=4,
    )


def encoder(config: BigCodecConfig) -> Stack:
    """Return `[B, T, 1] -> [B, T / frame, latent]`."""
    c = config
    widths = [c.encoder_channels * 2**i for i in range(len(c.strides) + 1)]
    blocks: list[Block] = [Conv1d(1, widths[0], 7, pad=(3, 3))]
    for (narrow, wide), stride in zip(pairwise(widths), c.strides, strict=True):
        blocks.append(encoder_block(narrow, wide, stride, activation=anti_aliased))
    last = Conv1d(widths[-1], c.latent, 3, pad=(1, 1))
    return Stack(*blocks, _memory(c, widths[-1]), anti_aliased(widths[-1]), last)


def decoder(config: BigCodecConfig) -> Stack:
    """Return `[B, F, latent] -> [B, F · frame, 1]`."""
    c = config
    strides = decoder_strides(c.strides, c.decoder_strides)
    widths = [c.decoder_channels // 2**i for i in range(len(strides) + 1)]
    blocks: list[Block] = [Conv1d(c.latent, widths[0], 7, pad=(3, 3)), _memory(c, widths[0])]
    for (wide, narrow), stride in zip(pairwise(widths), strides, strict=True):
        blocks.append(
            decoder_block(wide, narrow, stride, output_padding=stride % 2, activation=anti_aliased)
        )
    last = Conv1d(widths[-1], 1, 7, pad=(3, 3))
    return Stack(*blocks, anti_aliased(widths[-1]), last, Tanh())


def _memory(c: BigCodecConfig, channels: int) -> Residual:
    return Residual(LSTM(channels, channels, layers=c.lstm_layers))


class BigCodec(CodecModel):
    """BigCodec, as its config says."""

    not_in_codes = frozenset({"decoder_strides", "decoder_channels"})

    def __init__(self, config: BigCodecConfig) -> None:
        quantizer = ResidualVQ(
            config.latent, config.sizes, codebook=Normalised(config.code_width), update=Gradient()
        )
        spec = TokenSpec(
            untrained("bigcodec"),
            rate=config.rate,
            frame=config.frame,
            channels=1,
            levels=tuple(Level(size) for size in config.sizes),
            prefixes=quantizer.prefixes,
            out_rate=out_rate(config.rate, config.strides, config.decoder_strides),
        )
        super().__init__(config, spec)
        self.encoder, self.quantizer, self.decoder = encoder(config), quantizer, decoder(config)
