"""Pocket TTS's codec: Mimi's network around 32 floats a frame, in the place of its levels.

"Continuous Audio Language Models" (Rouard et al. 2025, arXiv:2509.06926); Kyutai's package
`pocket-tts`, whose voices differ in the decoder.

    model           Hz      samples a frame  frames/s  floats a frame  of the decoder
    pocket_tts      24 000  1920             12.5      32              10 M weights
    pocket_tts_7m   24 000  1920             12.5      32              2.8 M
    pocket_tts_2m   24 000  1920             12.5      32              1.0 M

    encoder    SEANet to 200 rows/s, 2 transformer layers, a strided convolution to 12.5 frames/s
    decoder    a map to its channels, a filter for each of them back to 200 rows/s, transformer
               layers, SEANet

Attention sees the last 250 rows, 1.25 s; in the small decoders 50. All is causal but for the first
row, which stands for what is before it; it streams: 80 ms of sound in, one frame out, and back.

Differences: a recording that ends inside a frame is filled up with silence, as in Kyutai's package;
transformers fills up each layer instead. What only training needs is left out. The language model
says these floats less a mean and divided by a deviation, which are its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from vocable.codecs import seanet
from vocable.codecs.codec_model import CodecModel
from vocable.codecs.model import untrained
from vocable.nn import (
    ConvTranspose1d,
    FirstRowConv1d,
    Linear,
    Stack,
    TanhGELU,
    TransformerLayer,
)
from vocable.quantize import Unquantized
from vocable.tokens import Latent, TokenSpec


@dataclass(frozen=True)
class PocketTTSSide(seanet.SEANetConfig):
    """The sizes of the encoder or the decoder: those of its SEANet, and these, as published."""

    filters: int = 64
    strides: tuple[int, ...] = (4, 5, 6)
    dilations: tuple[int, ...] = (1,)
    unit_kernel: int = 3
    unit_shrink: int = 2
    decoder_last_kernel: int = 3
    latent: int = 512  # channels of the transformer
    layers: int = 2  # of the transformer
    heads: int = 8
    hidden: int = 2048  # channels inside a layer's MLP
    context: int = 250  # rows that attention sees, the own one included
    base: float = 10_000.0  # of the rotary positions
    scale: float = 0.01  # of each layer's branches, before training


@dataclass(frozen=True)
class PocketTTSConfig:
    """The sizes of the codec, as published."""

    rate: int = 24_000  # Hz
    floats: int = 32  # a frame
    resample: int = 16  # rows of the transformers a frame
    encoder: PocketTTSSide = PocketTTSSide()
    decoder: PocketTTSSide = PocketTTSSide()

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return self.encoder.frame * self.resample


def pocket_tts() -> PocketTTSConfig:
    """Return the sizes of the codec of all languages, as published."""
    return PocketTTSConfig()


def pocket_tts_7m() -> PocketTTSConfig:
    """Return the sizes with the decoder of the models of 7 and 18 M weights, as published."""
    return PocketTTSConfig(decoder=_small_decoder(filters=32, layers=12))


def pocket_tts_2m() -> PocketTTSConfig:
    """Return the sizes with the decoder of the model of 2 M weights, as published."""
    return PocketTTSConfig(decoder=_small_decoder(filters=24, layers=4))


PUBLISHED = (pocket_tts, pocket_tts_7m, pocket_tts_2m)


def _small_decoder(filters: int, layers: int) -> PocketTTSSide:
    return PocketTTSSide(
        filters=filters, first_kernel=3, latent=128, layers=layers, heads=4, hidden=384, context=50
    )


class PocketTTS(CodecModel):
    """Pocket TTS's codec, as its config says."""

    not_in_codes = frozenset({"decoder"})

    def __init__(self, config: PocketTTSConfig) -> None:
        c, behind = config, config.decoder
        spec = TokenSpec(
            untrained("pocket-tts"),
            rate=c.rate,
            frame=c.frame,
            channels=c.encoder.channels,
            levels=(Latent(c.floats),),
            prefixes=(1,),
        )
        super().__init__(config, spec)
        width, kernel = behind.latent, 2 * c.resample
        self.encoder = Stack(
            seanet.encoder(c.encoder),
            transformer(c.encoder),
            FirstRowConv1d(c.encoder.latent, c.floats, kernel, stride=c.resample, bias=False),
        )
        self.quantizer = Unquantized(c.floats)
        self.decoder = Stack(
            Linear(c.floats, width, bias=False),
            ConvTranspose1d(width, width, kernel, stride=c.resample, groups=width, bias=False),
            transformer(behind),
            seanet.decoder(behind),
        )


def transformer(side: PocketTTSSide) -> Stack:
    """Return the layers of a side, `[B, T, latent] -> [B, T, latent]`."""
    s = side
    return Stack(
        *(
            TransformerLayer(
                s.latent, s.heads, context=s.context, hidden=s.hidden, base=s.base, scale=s.scale,
                function=TanhGELU(),
            )
            for _ in range(s.layers)
        )
    )  # fmt: skip
