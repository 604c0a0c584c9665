"""MOSS-Audio-Tokenizer: transformers and nothing else, around an RVQ that searches by angle.

"MOSS-Audio-Tokenizer: Scaling Audio Tokenizers for Future Audio Foundation Models" (2026,
arXiv:2602.10934).

    model                      Hz              samples a frame  frames/s  levels × size  bits/s
    moss_audio_tokenizer       24 000          1920             12.5      32 × 1024      125 a level
    moss_audio_tokenizer_v2    48 000, stereo  3840             12.5      32 × 1024      125 a level
    moss_audio_tokenizer_nano  48 000, stereo  3840             12.5      16 × 1024      125 a level

    encoder    samples of both channels in turn; then stages: so many rows side by side as one, a
               map, transformer layers, a map
    quantizer  DAC's
    decoder    the same, the other way round

Everything is causal and attention sees a window: 80 ms of sound in, one frame of codes out, and
back. Any first levels decode.

Differences. A recording that ends inside a frame gets this frame; the package leaves it out, and
gives the frames before it. The package computes in bf16 on a GPU; here encoder and search are fp32.
New codebooks begin at main axes and cluster centres, and dead entries revive. What only training
needs is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.decoder_strides import out_rate
from vocable.codecs.model import untrained
from vocable.errors import ModelError
from vocable.nn import Block, Linear, Patch, Stack, TransformerLayer, Unpatch
from vocable.quantize import Gradient, Normalised, ResidualVQ
from vocable.tokens import Level, TokenSpec


@dataclass(frozen=True)
class MossStage:
    """Transformer layers at one rate."""

    patch: int  # rows side by side before the encoder's layers; cut apart behind the decoder's
    out: int  # channels behind the layers
    context: int  # rows that attention sees, the own one included
    width: int = 768  # channels of the layers
    heads: int = 12
    layers: int = 12
    hidden: int = 3072  # channels inside a layer's MLP
    map_in: bool = True  # False: as many channels come in as the layers have
    map_out: bool = True  # False: as many come out
    base: float = 10_000.0  # of the rotary positions


_DEEP: dict[str, Any] = {"width": 1280, "heads": 20, "layers": 32, "hidden": 5120}
_SMALL: dict[str, Any] = {"width": 256, "heads": 4, "hidden": 1024}


@dataclass(frozen=True)
class MossConfig:
    """The sizes of a MOSS-Audio-Tokenizer; defaults are those of the small one."""

    rate: int = 48_000  # Hz
    encoder: tuple[MossStage, ...] = (
        MossStage(240, 384, 1600, layers=4, **_SMALL),
        MossStage(2, 384, 1200, layers=2, **_SMALL),
        MossStage(2, 384, 800, layers=2, **_SMALL),
        MossStage(2, 192, 500, layers=4, **_SMALL),
    )
    decoder: tuple[MossStage, ...] = (
        MossStage(2, 768, 500, layers=4, **_SMALL),
        MossStage(2, 768, 800, layers=2, **_SMALL),
        MossStage(2, 768, 1200, layers=2, **_SMALL),
        MossStage(240, 240, 1600, layers=4, **_SMALL),
    )  # in order
    channels: int = 2
    patch: int = 4  # rows of the encoder's last stage that are one frame
    latent: int = 768  # channels a frame
    code: int = 512  # dimensions of what is quantized
    sizes: tuple[int, ...] = (1024,) * 16  # entries of each level
    code_width: int = 8  # dimensions in which entries are searched
    dropout: float = 0.5  # share of training items that use a drawn number of levels
    scale: float = 0.01  # that layers start with

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return self.patch * math.prod(stage.patch for stage in self.encoder) // self.channels


def moss_audio_tokenizer() -> MossConfig:
    """Return the sizes of the first one, 24 kHz, as published: attention over 10 s."""
    return MossConfig(
        rate=24_000,
        channels=1,
        patch=1,
        sizes=(1024,) * 32,
        encoder=(
            MossStage(240, 384, 1000),
            MossStage(2, 384, 500, map_in=False),
            MossStage(2, 640, 250, map_in=False),
            MossStage(2, 768, 125, **_DEEP, map_in=False),
        ),
        decoder=(
            MossStage(2, 1280, 125, **_DEEP, map_out=False),
            MossStage(2, 768, 250, map_out=False),
            MossStage(2, 768, 500, map_out=False),
            MossStage(240, 240, 1000),
        ),
    )


def moss_audio_tokenizer_v2() -> MossConfig:
    """Return the sizes of the second one, 48 kHz, stereo, as published."""
    return MossConfig(
        patch=1,
        sizes=(1024,) * 32,
        encoder=(
            MossStage(240, 384, 400),
            *(MossStage(2, 384, 400),) * 3,
            MossStage(2, 640, 250),
            MossStage(2, 768, 125, **_DEEP),
        ),
        decoder=(
            MossStage(2, 1280, 125, **_DEEP),
            MossStage(2, 768, 250),
            *(MossStage(2, 768, 400),) * 3,
            MossStage(240, 240, 400),
        ),
    )


def moss_audio_tokenizer_nano() -> MossConfig:
    """Return the sizes of the small one, 48 kHz, stereo, as published."""
    return MossConfig()


PUBLISHED = (moss_audio_tokenizer, moss_audio_tokenizer_v2, moss_audio_tokenizer_nano)


def encoder(config: MossConfig) -> Stack:
    """Return `[B, T, channels] -> [B, T / frame, code]`."""
    c, stages, channels = config, list[Block](), 1
    for stage in c.encoder:
        channels *= stage.patch
        stages.append(
            Stack(Patch(channels // stage.patch, stage.patch), _trunk(c, stage, channels))
        )
        channels = stage.out
    return Stack(
        Unpatch(c.channels, c.channels),
        Stack(*stages),
        Patch(channels, c.patch),
        Linear(c.latent, c.code),
    )


def decoder(config: MossConfig) -> Stack:
    """Return `[B, F, code] -> [B, F · frame, channels]`."""
    c, stages = config, list[Block]()
    channels = c.latent // c.patch
    for stage in c.decoder:
        apart = Unpatch(stage.out, stage.patch)
        stages.append(Stack(_trunk(c, stage, channels), apart))
        channels = apart.channels_out
    if channels != 1:
        raise ModelError(
            f"decoder ends with {channels} channels; its last stage gives as many as its patch"
        )
    return Stack(
        Linear(c.code, c.latent),
        Unpatch(c.latent, c.patch),
        Stack(*stages),
        Patch(1, c.channels),
    )


def _trunk(config: MossConfig, stage: MossStage, channels: int) -> Stack:
    """Return the layers of a stage between its maps; `channels` come in."""
    width = stage.width
    for mapped, other in ((stage.map_in, channels), (stage.map_out, stage.out)):
        if not mapped and other != width:
            raise ModelError(f"{other} channels are not the {width} of the layers without a map")
    layers = (
        TransformerLayer(
            width,
            stage.heads,
            context=stage.context,
            hidden=stage.hidden,
            base=stage.base,
            scale=config.scale,
        )
        for _ in range(stage.layers)
    )
    return Stack(
        Stack(*_maps(stage.map_in, channels, width)),
        Stack(*layers),
        Stack(*_maps(stage.map_out, width, stage.out)),
    )


def _maps(there: bool, channels_in: int, channels_out: int) -> Sequence[Block]:
    return [Linear(channels_in, channels_out, bias=False)] if there else []


class Moss(CodecModel):
    """A MOSS-Audio-Tokenizer, as its config says."""

    not_in_codes = frozenset({"decoder", "dropout", "scale"})

    def __init__(self, config: MossConfig) -> None:
        c = config
        quantizer = ResidualVQ(
            c.code,
            c.sizes,
            codebook=Normalised(c.code_width),
            update=Gradient(),
            dropout=c.dropout,
        )
        written = c.patch * math.prod(stage.patch for stage in c.decoder) // c.channels
        spec = TokenSpec(
            untrained("moss"),
            rate=c.rate,
            frame=c.frame,
            channels=c.channels,
            levels=tuple(Level(size) for size in c.sizes),
            prefixes=quantizer.prefixes,
            out_rate=out_rate(c.rate, (c.frame,), (written,)),
        )
        super().__init__(config, spec)
        self.encoder, self.quantizer, self.decoder = encoder(c), quantizer, decoder(c)
