"""FACodec: levels of prosody, content and detail, and the voice beside them as one vector.

"NaturalSpeech 3: Zero-Shot Speech Synthesis with Factorized Codec and Diffusion Models" (Ju et al.
2024, arXiv:2403.03100), in both versions that Amphion published.

    model       Hz      samples a frame  frames/s  levels × size  bits/s
    facodec     16 000  200              80        6 × 1024       2400 without detail, 4800 with it
    facodec_v2  16 000  200              80        6 × 1024       the same

Level 0 is prosody, 1 and 2 are content, 3 to 5 detail. The voice, `timbre`, 256 numbers, is a
mean over all of a recording, so it encodes whole recordings; decoding looks ahead by a finite
number of frames, and streams. Tokens with the `timbre` of others are said in their voice. In the
second version prosody does not read the latents, but the lowest bands of a mel spectrum.

Differences. Weights are plain, not weight-normed: the same function. The published encoder of the
voice adds a position that depends on where in a batch a recording stands; here each has the one
that it has alone. The heads that only training needs are left out; a run has its own
(`vocable.train.codec.factors`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.dac_blocks import anti_aliased, anti_aliased_encoder, decoder_block
from vocable.codecs.decoder_strides import decoder_strides, out_rate
from vocable.codecs.facodec_layers import first_position, layers
from vocable.codecs.facodec_prosody import LowMels, Prosody, WithProsody
from vocable.codecs.model import SideEncoder, Sides, untrained
from vocable.nn import Block, Conv1d, LayerNorm, Stack, Tanh
from vocable.quantize import FactorisedVQ, Gradient, Normalised, ResidualVQ
from vocable.tokens import Level, Side, TokenSpec


@dataclass(frozen=True)
class FACodecConfig:
    """The sizes of a FACodec, as published."""

    rate: int = 16_000  # Hz
    encoder_channels: int = 32  # of the first convolution; each stride doubles them
    strides: tuple[int, ...] = (2, 4, 5, 5)  # of the encoder, in order; a frame is their product
    decoder_strides: tuple[int, ...] = ()  # in order, if not those of the encoder, last first
    latent: int = 256  # channels a frame, and numbers of a voice
    decoder_channels: int = 1024  # after the decoder's first convolution; each stride halves them
    prosody: tuple[int, ...] = (1024,)  # entries of each level
    content: tuple[int, ...] = (1024,) * 2
    detail: tuple[int, ...] = (1024,) * 3
    code_width: int = 8  # dimensions in which entries are searched
    dropout: float = 0.75  # share of training items that do without detail
    timbre_layers: int = 4
    timbre_heads: int = 4
    timbre_hidden: int = 1024  # channels between the two maps of a layer
    timbre_kernel: int = 5  # rows that the first of them sees
    prosody_bands: int = 0  # of a mel spectrum, lowest first, that prosody reads; 0: the latents
    bands: int = 80  # of that spectrum
    transform: int = 1024  # samples that are transformed
    window: int = 800  # of them, those in the middle that are seen

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return math.prod(self.strides)


def facodec() -> FACodecConfig:
    """Return the sizes of FACodec, as published."""
    return FACodecConfig()


def facodec_v2() -> FACodecConfig:
    """Return the sizes of the second version, as published."""
    return FACodecConfig(prosody_bands=20)


PUBLISHED = (facodec, facodec_v2)


def facodec_tiny() -> FACodecConfig:
    """Return a codec of a few thousand weights, for tests: 8 kHz, 15 samples a frame."""
    return FACodecConfig(
        rate=8000,
        encoder_channels=4,
        strides=(15,),
        latent=8,
        decoder_channels=16,
        prosody=(16,),
        content=(16,) * 2,
        detail=(16,) * 2,
        code_width=4,
        timbre_layers=1,
        timbre_heads=2,
        timbre_hidden=8,
        timbre_kernel=3,
    )


def facodec_v2_tiny() -> FACodecConfig:
    """Return the same of the second version."""
    return replace(facodec_tiny(), prosody_bands=6, bands=8, transform=45, window=31)


class Timbre(SideEncoder):
    """A voice: the mean over time of what a transformer makes of the latents, `[B, latent]`.

    Each row attends to all. What would be the positions is one constant for all rows.
    """

    constant: Tensor

    def __init__(self, config: FACodecConfig) -> None:
        super().__init__()
        c, wide = config, config.latent
        self.register_buffer("constant", first_position(wide), persistent=False)
        self.layers = layers(
            wide, c.timbre_heads, c.timbre_hidden, c.timbre_kernel, c.timbre_layers
        )
        self.norm = LayerNorm(wide)

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Sides:
        """Return the voice of each recording as `timbre`; of latents, whatever is behind them."""
        latents = z[..., : len(self.constant)]
        return {"timbre": self.norm(self.layers(latents + self.constant)).mean(1)}


def decoder(config: FACodecConfig) -> Stack:
    """Return `[B, F, latent] -> [B, F · frame, 1]`."""
    c = config
    strides = decoder_strides(c.strides, c.decoder_strides)
    widths = [c.decoder_channels // 2**i for i in range(len(strides) + 1)]
    blocks: list[Block] = [Conv1d(c.latent, widths[0], 7, pad=(3, 3))]
    for (wide, narrow), stride in zip(pairwise(widths), strides, strict=True):
        blocks.append(
            decoder_block(wide, narrow, stride, output_padding=stride % 2, activation=anti_aliased)
        )
    last = Conv1d(widths[-1], 1, 7, pad=(3, 3))
    return Stack(*blocks, anti_aliased(widths[-1]), last, Tanh())


def quantizer(config: FACodecConfig) -> FactorisedVQ:
    """Return prosody and content side by side, and detail of what they leave: all or none of it."""
    c = config

    def part(sizes: tuple[int, ...], prefixes: tuple[int, ...]) -> ResidualVQ:
        book = Normalised(c.code_width)
        return ResidualVQ(c.latent, sizes, codebook=book, update=Gradient(), prefixes=prefixes)

    beside = [part(sizes, (len(sizes),)) for sizes in (c.prosody, c.content)]
    detail = part(c.detail, (len(c.detail),))
    return FactorisedVQ(c.latent, beside, detail, c.dropout, apart=c.prosody_bands > 0)


def encoder(config: FACodecConfig) -> Block:
    """Return `[B, T, 1] -> [B, T / frame, latent]`, or twice as many channels, prosody's behind."""
    c = config
    latents = anti_aliased_encoder(c.encoder_channels, c.strides, c.latent)
    if not c.prosody_bands:
        return latents
    low = LowMels(c.rate, c.frame, c.prosody_bands, c.bands, c.transform, c.window)
    own = layers(c.latent, c.timbre_heads, c.timbre_hidden, c.timbre_kernel, c.timbre_layers)
    return WithProsody(latents, Prosody(low, c.latent, own))


class FACodec(CodecModel):
    """FACodec, as its config says.

    style: the scale and the offset of the latents that a voice asks for.
    """

    not_in_codes = frozenset({"decoder_strides", "decoder_channels", "dropout"})

    def __init__(self, config: FACodecConfig) -> None:
        c, found = config, quantizer(config)
        roles = {"prosody": c.prosody, "semantic": c.content, "acoustic": c.detail}
        spec = TokenSpec(
            untrained("facodec"),
            rate=c.rate,
            frame=c.frame,
            channels=1,
            levels=tuple(Level(size, role=role) for role, sizes in roles.items() for size in sizes),
            prefixes=found.prefixes,
            out_rate=out_rate(c.rate, c.strides, c.decoder_strides),
            sides=(Side("timbre", (c.latent,)),),
        )
        super().__init__(config, spec)
        self.encoder = encoder(c)
        self.quantizer, self.decoder = found, decoder(c)
        self.side_encoder = Timbre(c)
        self.style = nn.Linear(c.latent, 2 * c.latent)

    def condition(self, z: Float[Tensor, "batch frames dim"], sides: Sides) -> Tensor:
        """Scale and move the latents, each row to mean 0 and variance 1, as the voice asks."""
        scale, offset = self.style(sides["timbre"])[:, None].chunk(2, 2)
        styled: Tensor = F.layer_norm(z, z.shape[2:]) * scale + offset
        return styled
