"""WavTokenizer: one token a frame, of a single large codebook, decoded through spectra.

"WavTokenizer: an Efficient Acoustic Discrete Codec Tokenizer for Audio Language Modeling" (Ji et
al. 2024, arXiv:2408.16532).

    model            Hz      samples a frame  tokens/s  entries  bits/s
    wavtokenizer_75  24 000  320              75        4096     900
    wavtokenizer_40  24 000  600              40        4096     480

    encoder   EnCodec's, symmetric
    decoder   convolution; residual blocks around attention; then Vocos: norm, ConvNeXt blocks,
              norm, and an inverse short-time Fourier transform

The encoder looks ahead by a finite number of samples, so encoding streams. The decoder's norms are
over the whole recording, and its attention sees all of it: decoding takes whole recordings, memory
follows their length, and the attention's time its square.

Differences from the authors' code: none in the function. Its norms know four bandwidths, which were
trained alike; published use is the first, which is kept. The decoder of EnCodec that its files
carry as well, unused, is left out, and so is the dropout of the residual blocks in training.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.decoder_strides import decoder_strides
from vocable.codecs.seanet import DECODER_ONLY, encoder
from vocable.codecs.seanet_rvq import SEANetRVQConfig, quantizer, token_spec
from vocable.codecs.vocos_decoder import EPS, vocos_decoder
from vocable.nn import Block, GroupNorm, Residual, ResnetBlock, Stack, WholeAttention

INSIDE = 6  # blocks between the decoder's first convolution and its first norm


@dataclass(frozen=True)
class WavTokenizerConfig(SEANetRVQConfig):
    """The sizes of a WavTokenizer: an encoder's, and these. Defaults are those at 75 tokens/s.

    There is no decoder of SEANet: `decoder_last_kernel` means nothing here, and the product of
    `decoder_strides` is the hop of the transform.
    """

    dilations: tuple[int, ...] = (1,)
    unit_kernel: int = 3
    unit_shrink: int = 2
    unit_shortcut: bool = True
    encoder_last_kernel: int = 7
    lstm_layers: int = 2
    latent: int = 512
    causal: bool = False
    edge: Literal["zeros", "reflect"] = "reflect"
    fill: bool = True
    sizes: tuple[int, ...] = (4096,)
    width: int = 768  # channels of the decoder
    hidden: int = 2304  # channels of the MLP in each of its blocks
    blocks: int = 12
    groups: int = 32  # of channels, in the norms over time
    window: int = 1280  # samples of a spectrum

    @property
    def hop(self) -> int:
        """Samples that a frame becomes."""
        return math.prod(decoder_strides(self.strides, self.decoder_strides))


def wavtokenizer_75() -> WavTokenizerConfig:
    """Return the sizes of WavTokenizer at 75 tokens/s, as published."""
    return WavTokenizerConfig()


def wavtokenizer_40() -> WavTokenizerConfig:
    """Return the sizes of WavTokenizer at 40 tokens/s, as published."""
    return replace(wavtokenizer_75(), strides=(4, 5, 5, 6), window=2400)


PUBLISHED = (wavtokenizer_75, wavtokenizer_40)


class WavTokenizer(CodecModel):
    """WavTokenizer, as its config says."""

    not_exported: ClassVar[str] = "its decoder takes statistics and attends over whole recordings"

    not_in_codes = DECODER_ONLY | {"dropout", "width", "hidden", "blocks", "groups", "window"}

    def __init__(self, config: WavTokenizerConfig) -> None:
        c, found = config, quantizer(config)
        super().__init__(config, token_spec("wavtokenizer", config, found))
        self.encoder, self.quantizer = encoder(config), found
        self.decoder = vocos_decoder(
            c.latent, c.width, c.hidden, c.blocks, window=c.window, hop=c.hop, inside=_inside(c)
        )


def _inside(config: WavTokenizerConfig) -> list[Block]:
    """Return the decoder's blocks that take all of a recording, before those of Vocos."""
    width, groups = config.width, config.groups
    attention = Stack(GroupNorm(groups, width, eps=EPS), WholeAttention(width))
    return [
        ResnetBlock(width, groups=groups),
        ResnetBlock(width, groups=groups),
        Residual(attention),
        ResnetBlock(width, groups=groups),
        ResnetBlock(width, groups=groups),
        GroupNorm(groups, width, eps=EPS),
    ]
