"""What SoundStream and EnCodec share beside their graph: quantizers, and their tokens."""

from __future__ import annotations

from dataclasses import dataclass

from vocable.codecs.decoder_strides import out_rate
from vocable.codecs.model import untrained
from vocable.codecs.quantizer_config import QuantizerConfig
from vocable.codecs.seanet import SEANetConfig
from vocable.errors import ModelError
from vocable.quantize import Quantizer, ResidualVQ, SplitVQ
from vocable.tokens import Level, Segment, Side, TokenSpec


@dataclass(frozen=True)
class SEANetRVQConfig(SEANetConfig):
    """The sizes of a SEANet around one residual quantizer. Defaults are SoundStream's.

    quantizer: another one, in place of residual levels of `sizes`.
    """

    rate: int = 24_000  # Hz
    sizes: tuple[int, ...] = (1024,) * 24  # entries of each level
    semantic: int = 0  # levels that learn what is said, before the acoustic ones
    split: bool = False  # the semantic levels have a quantizer beside that of the others (Mimi)
    prefixes: tuple[int, ...] = ()  # numbers of levels that training draws; none: every number
    dropout: float = 1.0  # share of training items that use a drawn number of levels
    quantizer: QuantizerConfig | None = None


def quantizer(config: SEANetRVQConfig) -> Quantizer:
    """Return `[B, F, latent] -> codes`, and back."""
    c = config
    if c.quantizer is not None:
        return c.quantizer.make(c.latent)
    if c.split:
        if not 0 < c.semantic < len(c.sizes) or c.prefixes:
            raise ModelError(
                f"a split quantizer has 1 to {len(c.sizes) - 1} semantic levels and any prefixes, "
                f"got semantic = {c.semantic}, prefixes = {list(c.prefixes)}"
            )
        semantic, acoustic = c.sizes[: c.semantic], c.sizes[c.semantic :]
        parts = ResidualVQ(c.latent, semantic), ResidualVQ(c.latent, acoustic, dropout=c.dropout)
        return SplitVQ(c.latent, parts)
    return ResidualVQ(c.latent, c.sizes, dropout=c.dropout, prefixes=c.prefixes or None)


def token_spec(
    name: str,
    config: SEANetRVQConfig,
    quantizer: Quantizer,
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
            for number, size in enumerate(quantizer.levels)
        ),
        prefixes=quantizer.prefixes,
        out_rate=out_rate(c.rate, c.strides, c.decoder_strides),
        sides=sides,
        segment=segment,
    )
