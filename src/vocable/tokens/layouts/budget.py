"""Count how much audio fits into a model's context, and what it costs to keep it there.

A position is one step of the big model; what a depth model does within a step costs no context.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ...ratio import Ratio
from ..spec import TokenSpec
from ..spec_parts import check_count
from .layout import Layout
from .named import LAYOUTS

MAX_BYTES = 1 << 10  # of one number


@dataclass(frozen=True)
class Cache:
    """What a transformer keeps of each position: keys and values of all its layers.

    head_dim    numbers in a key of one head
    item_bytes  bytes of one number: 2 for bf16
    """

    layers: int
    kv_heads: int
    head_dim: int
    item_bytes: int = 2

    def __post_init__(self) -> None:
        check_count("layers", self.layers)
        check_count("kv_heads", self.kv_heads)
        check_count("head_dim", self.head_dim)
        check_count("item_bytes", self.item_bytes, 1, MAX_BYTES)

    @property
    def bytes_per_position(self) -> int:
        """Bytes of one position."""
        return 2 * self.layers * self.kv_heads * self.head_dim * self.item_bytes


@dataclass(frozen=True)
class Fit:
    """How much audio fits into a model's context in one layout.

    layout                  its name
    positions_per_second    steps of the model per second of one stream, delays left out
    depth_steps_per_second  steps of the depth model beside them: the tokens after each first one
    seconds                 of audio that fits
    cache_bytes             of keys and values in the full context, if the model's shape was given
    cache_bytes_per_second  what one second of audio adds to them
    """

    layout: str
    positions_per_second: Fraction
    depth_steps_per_second: Fraction
    seconds: Fraction
    cache_bytes: int | None = None
    cache_bytes_per_second: Fraction | None = None


def fits(
    spec: TokenSpec,
    context: int,
    levels: int | None = None,
    *,
    prompt: int = 0,
    cache: Cache | None = None,
) -> list[Fit]:
    """Say for each layout how much of one stream fits into a context of this many positions.

    `prompt` positions of it are taken already, by text say.
    """
    check_count("context", context, 1, 1 << 40)
    check_count("prompt", prompt, 0, context)
    return [_fit(layout, spec, context, levels, prompt, cache) for layout in LAYOUTS.values()]


def _fit(
    layout: Layout,
    spec: TokenSpec,
    context: int,
    levels: int | None,
    prompt: int,
    cache: Cache | None,
) -> Fit:
    rate = layout.rate(spec, levels)
    deep = spec.tokens_per_second(levels) - rate if layout.deep else Ratio(0)
    seconds = spec.seconds(layout.max_frames(spec, context - prompt, levels))
    if cache is None:
        return Fit(layout.name, rate, deep, seconds)
    each = cache.bytes_per_position
    return Fit(layout.name, rate, deep, seconds, context * each, rate * each)
