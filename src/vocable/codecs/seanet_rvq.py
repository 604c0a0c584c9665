"""What SoundStream and EnCodec share beside their graph: one residual quantizer, and its tokens."""

from __future__ import annotations

from dataclasses import dataclass

from vocable.codecs.decoder_strides import out_rate
from vocable.codecs.model import untrained
from vocable.codecs.seanet import SEANetConfig
from vocable.quantize import ResidualVQ
from vocable.tokens import Level, Segment, Side, TokenSpec


@dataclass(frozen=True)
class SEANetRVQConfig(SEANetConfig):
    """The sizes of a SEANet around one residual quantizer. Defaults are SoundStream's."""

    rate: int = 24_000  # Hz
    sizes: tuple[int, ...] = (1024,) * 24  # entries of each level
    semantic: int = 0  # levels that learn what is said, before the acoustic ones
    prefixes: tuple[int, ...] = ()  # numbers of levels that training draws; none: every number
    dropout: float = 1.0  # share of training items that use a drawn number of levels


def quantizer(config: SEANetRVQConfig) -> ResidualVQ:
    """Return `[B, F, latent] -> codes`, and back."""
    c = config
    return ResidualVQ(c.latent, c.sizes, dropout=c.dropout, prefixes=c.prefixes or None)


def token_spec(
    name: str,
    config: SEANetRVQConfig,
    prefixes: tuple[int, ...],
    *,
    sides: tuple[Side, ...] = (),
    segment: Segment | None = None,
) -> TokenSpec:
    """Return what the tokens of such a codec are."""
    c = config
    return TokenSpec(
        untrained(name),
        rate=c.rate,
        frame=c.frame,
        channels=c.channels,
        levels=tuple(
            Level(size, role="semantic" if number < c.semantic else "acoustic")
            for number, size in enumerate(c.sizes)
        ),
        prefixes=prefixes,
        out_rate=out_rate(c.rate, c.strides, c.decoder_strides),
        sides=sides,
        segment=segment,
    )
