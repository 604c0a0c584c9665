"""What the rows of one call see, and where they stand: computed once, used by every layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from vocable.language.cache import Cache, Place
from vocable.language.config import TransformerConfig
from vocable.language.positions import Positions, Turn


@dataclass(frozen=True)
class Sight:
    """at: the position of each row. first: of the first, where weights differ by position.

    mask: added to scores, or True where a row may look: `[batch, kv_heads, group · time, keys]`,
    axes of 1 where it is the same; None: rows see all. causal: each row of the call sees those
    before it, nothing else came. place: where a step's rows are kept.
    """

    at: Int[Tensor, "#batch time"]
    first: int
    turn: Turn | None
    mask: Tensor | None
    causal: bool
    place: Place | None = None


def whole_sight(
    positions: Positions,
    config: TransformerConfig,
    like: Float[Tensor, "batch time width"],
    lengths: Sequence[int] | None = None,
    prefixes: Sequence[int] | None = None,
) -> Sight:
    """Return what rows see that come all at once, from position 0 on.

    lengths: rows of each item that count; only models that see both sides need to know. prefixes:
    how many of its first rows all rows of an item see; None: none.
    """
    time = like.shape[1]
    at = torch.arange(time, device=like.device)[None]
    if not config.causal:
        return Sight(at, 0, positions.turn(at, like.dtype), _both_sides(config, lengths, at), False)
    distance = at[:, :, None] - at[:, None, :]
    bias = positions.bias(distance)
    windowed = config.window is not None and config.window < time
    causal = bias is None and not windowed and prefixes is None
    visible = (distance >= 0) & (distance < (config.window or time))
    if prefixes is not None:
        visible = visible | in_prefix(prefixes, at)
    mask = None if causal else for_heads(visible, bias, config)
    return Sight(at, 0, positions.turn(at, like.dtype), mask, causal)


def step_sight(
    positions: Positions,
    cache: Cache,
    streams: range,
    counts: Sequence[int],
    like: Float[Tensor, "batch time width"],
    prefixes: Sequence[int] | None = None,
) -> Sight:
    """Return what the next rows of streams see; of each stream the first `counts` count.

    Where there is more than one row, none may take the place of a row that is still seen. prefixes:
    how many of a stream's first rows see one another; all of them come in this call.
    """
    starts, time = cache.lengths[streams.start : streams.stop], like.shape[1]
    same = len(set(starts)) == 1
    begins = torch.tensor(starts[:1] if same else starts, device=like.device)
    at = begins[:, None] + torch.arange(time, device=like.device)
    last = max(start + count for start, count in zip(starts, counts, strict=True)) - 1
    seen = min(last + 1, cache.capacity)
    place = _place(cache, streams, counts, like, seen)
    if cache.sinks:
        place = _with_sinks(place, cache, counts, positions, like)
    bias = positions.bias(_distance(cache, at, seen)) if positions.biases else None
    fresh = place.fresh and bias is None and time > 1 and prefixes is None
    place = place if place.fresh == fresh else replace(place, fresh=fresh)
    mask = None
    if not fresh and (bias is not None or not (same and time == 1)):
        slots = torch.arange(seen, device=like.device)
        visible = slots <= at.clamp(max=cache.capacity - 1)[:, :, None]
        if prefixes is not None:
            visible = visible | in_prefix(prefixes, slots[None])
        mask = for_heads(visible, bias, cache.config)
    if same and time == 1:
        turn = positions.turn_row(starts[0], like)
    else:
        turn = positions.turn(at, like.dtype)
    return Sight(at, starts[0], turn, mask, fresh, place)


def in_prefix(prefixes: Sequence[int], keys: Int[Tensor, "1 keys"]) -> Bool[Tensor, "batch 1 keys"]:
    """Return which keys stand in the prefix of each item: all its rows see these."""
    return (keys < torch.tensor(list(prefixes), device=keys.device)[:, None])[:, None]


def _both_sides(
    config: TransformerConfig, lengths: Sequence[int] | None, at: Int[Tensor, "1 time"]
) -> Tensor | None:
    """Return which rows of each item are seen; None: all. An item without any sees the first."""
    if lengths is None or min(lengths) == at.shape[1]:
        return None
    counted = at < torch.tensor(list(lengths), device=at.device).clamp(min=1)[:, None]
    return for_heads(counted[:, None].expand(-1, at.shape[1], -1), None, config)


def for_heads(
    visible: Bool[Tensor, "#batch time keys"], bias: Tensor | None, config: TransformerConfig
) -> Tensor:
    """Return a mask as `attend` takes it: heads that share keys are so many rows more."""
    shared = config.heads // config.key_heads
    if bias is not None:
        mask = bias.masked_fill(~visible[:, None], -torch.inf)
        return mask.reshape(len(mask), config.key_heads, -1, mask.shape[-1])
    if visible.shape[1] == 1:
        return visible[:, None]
    return visible[:, None].expand(-1, shared, -1, -1).flatten(1, 2)[:, None]


def _distance(cache: Cache, at: Int[Tensor, "#batch time"], seen: int) -> Tensor:
    """Return how far back each slot's row lies; sinks stand right before the window."""
    slots = torch.arange(seen, device=at.device)
    if cache.window is None:
        return at[:, :, None] - slots
    to_sinks = at.clamp(max=cache.capacity - 1)[:, :, None] - slots
    return torch.where(slots < cache.sinks, to_sinks, (at[:, :, None] - slots) % cache.window)


def _place(cache: Cache, streams: range, counts: Sequence[int], like: Tensor, seen: int) -> Place:
    """Return where the rows go: one run of slots, or the slot of each."""
    time, kept = like.shape[1], slice(streams.start, streams.stop)
    starts = cache.lengths[kept]
    fresh = not any(starts)
    if len(set(starts)) == 1 and min(counts) == time:
        slot = cache.slot(starts[0])
        return Place(kept, seen, fresh, slice(slot, slot + time))
    flat: list[int] = []
    counted: list[int] = []
    for stream, start, count in zip(streams, starts, counts, strict=True):
        row = (stream - streams.start) * time
        flat += [stream * cache.capacity + cache.slot(start + t) for t in range(count)]
        counted += range(row, row + count)
    every = len(counted) == len(streams) * time
    return Place(
        kept,
        seen,
        fresh,
        flat=torch.tensor(flat, dtype=torch.int64, device=like.device),
        counted=None if every else torch.tensor(counted, dtype=torch.int64, device=like.device),
    )


def _with_sinks(
    place: Place, cache: Cache, counts: Sequence[int], positions: Positions, like: Tensor
) -> Place:
    """Add which keys are put by, and how sinks turn that the window has left behind."""
    starts = cache.lengths[place.streams]
    late = [max(0, start + 1 - cache.capacity) for start in starts]
    new = tuple(
        range(start, max(start, min(cache.sinks, start + count)))
        for start, count in zip(starts, counts, strict=True)
    )
    turn = None
    if any(late):
        at = torch.tensor(late, device=like.device)[:, None]
        turn = positions.turn(at + torch.arange(cache.sinks, device=like.device), like.dtype)
    return replace(place, sinks=new if any(new) else (), sink_turn=turn)
