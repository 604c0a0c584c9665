"""Keys and values of the rows that streams have had, in memory that is made once.

Three kinds, by what a stream may have: a full cache holds every position up to the context; a ring
holds the last `window` (Moshi: 3000); a ring with sinks holds the first few for good as well, where
attention puts what it has no use for ("Efficient Streaming Language Models with Attention Sinks",
Xiao et al. 2023, arXiv:2309.17453).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from vocable.errors import ModelError
from vocable.language.config import TransformerConfig
from vocable.language.positions import Turn, turned


def cache_bytes(
    layers: int,
    kv_heads: int,
    head_width: int,
    context: int,
    value_bytes: int,
    *,
    sinks: int = 0,
) -> int:
    """Return the bytes of one stream's keys and values of `context` positions.

    value_bytes: 2 for bf16, 4 for fp32. context: of a ring, its window and its sinks; sinks keep
    their keys a second time, as they were before they were turned.
    """
    return layers * kv_heads * head_width * (2 * context + sinks) * value_bytes


@dataclass(frozen=True)
class Place:
    """Where the rows of a step go in every layer's cache, and what they see of it.

    run: the slots, where they are the same for all streams; else `flat`: of each row that counts
    its slot, all streams' in one row, and `counted`: which rows these are. fresh: the rows see one
    another alone, since nothing came before.
    sinks: how many raw keys each stream puts by, from which on; sink_turn: how sinks turn now.
    """

    streams: slice
    seen: int
    fresh: bool
    run: slice | None = None
    flat: Int[Tensor, " rows"] | None = None
    counted: Int[Tensor, " rows"] | None = None
    sinks: tuple[range, ...] = ()
    sink_turn: Turn | None = None


class LayerCache:
    """Keys and values of one layer: `[streams, slots, kv_heads, channels]`."""

    def __init__(self, keys: Tensor, values: Tensor, sinks: Tensor) -> None:
        self.keys, self.values, self.sinks = keys, values, sinks

    def keep_sinks(self, raw: Float[Tensor, "batch time heads channels"], place: Place) -> None:
        """Put by the keys of sinks before they turn, and turn those that are there."""
        kept = self.sinks[place.streams]
        for stream, slots in enumerate(place.sinks):
            if slots:
                kept[stream, slots.start : slots.stop] = raw[stream, : len(slots)]
        if place.sink_turn is not None:
            self.keys[place.streams, : kept.shape[1]] = turned(kept, place.sink_turn)

    def store(self, key: Tensor, value: Tensor, place: Place) -> tuple[Tensor, Tensor]:
        """Write the rows of a step; return the keys and values that they see."""
        for kept, new in ((self.keys, key), (self.values, value)):
            if place.run is not None:
                kept[place.streams, place.run] = new
                continue
            rows = new.flatten(0, 1).to(kept.dtype)
            assert place.flat is not None, "a place has a run or slots"
            rows = rows if place.counted is None else rows[place.counted]
            kept.flatten(0, 1).index_copy_(0, place.flat, rows)
        if place.fresh:  # as they are kept, so that blocks of any size see the same
            return key.to(self.keys.dtype), value.to(self.values.dtype)
        return self.keys[place.streams, : place.seen], self.values[place.streams, : place.seen]

    def tensors(self) -> tuple[Tensor, ...]:
        """Return all that belongs to streams."""
        return self.keys, self.values, self.sinks


@dataclass(frozen=True)
class CrossCache:
    """Keys and values of encoder states; mask: which of them each stream sees, None: all."""

    keys: Float[Tensor, "batch states kv_heads channels"]
    values: Float[Tensor, "batch states kv_heads channels"]
    mask: Bool[Tensor, "batch 1 1 states"] | None = None


class Cache:
    """What a model keeps of so many streams; each has had `lengths[stream]` positions.

    context: positions of a full cache; None: the model's. window: positions that a ring holds
    beside its `sinks`; None: the model's own window, or a full cache. cross_states: encoder states
    that a stream may have.
    """

    def __init__(
        self,
        config: TransformerConfig,
        streams: int,
        *,
        context: int | None = None,
        window: int | None = None,
        sinks: int = 0,
        cross_states: int = 0,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        self.config, self.streams = config, streams
        self.window = config.window if window is None else window
        self.sinks, self.context = sinks, config.context if context is None else context
        self._check()
        self.capacity = self.context if self.window is None else sinks + self.window
        self.lengths = [0] * streams
        self.cross_lengths = [0] * streams
        self.sights: dict[tuple[int, ...], Any] | None = None  # of steps, where all begin together

        def empty(slots: int) -> Tensor:
            shape = (streams, slots, config.key_heads, config.channels)
            return torch.zeros(shape, dtype=dtype, device=device)

        slots = self.capacity
        each = range(config.layers)
        self.layers = [LayerCache(empty(slots), empty(slots), empty(sinks)) for _ in each]
        states = max(1, cross_states) if config.cross else 0  # one stands for none
        self.cross = [(empty(states), empty(states)) for _ in each]

    def _check(self) -> None:
        if self.context > self.config.context:
            raise ModelError(
                f"context of {self.context} positions is asked for; the model has "
                f"{self.config.context}"
            )
        slots = self.context if self.window is None else self.window
        if min(self.streams, slots) < 1 or self.sinks < 0:
            raise ModelError(
                f"a cache needs at least 1 stream, 1 position and 0 sinks; asked for are "
                f"{self.streams}, {slots} and {self.sinks}"
            )
        if self.sinks and self.window is None:
            raise ModelError(f"{self.sinks} sinks need a window; a full cache keeps every position")

    @property
    def nbytes(self) -> int:
        """Bytes of the keys and values of all streams, those of encoder states apart."""
        return sum(tensor.nbytes for layer in self.layers for tensor in layer.tensors())

    def room(self, stream: int) -> int | None:
        """Return how many positions a stream may still have; None: as many as it likes."""
        return None if self.window is not None else self.context - self.lengths[stream]

    def slot(self, position: int) -> int:
        """Return where the row of a position is kept."""
        if self.window is None or position < self.sinks:
            return position
        return self.sinks + (position - self.sinks) % self.window

    def move(self, source: int, target: int) -> None:
        """Give a stream's place to another, which is lost; the source is free then."""
        if source != target:
            filled = min(self.lengths[source], self.capacity)
            for layer in self.layers:
                for kept in layer.tensors():
                    kept[target, :filled] = kept[source, :filled]
            for pair in self.cross:
                for kept in pair:
                    kept[target] = kept[source]
            for lengths in (self.lengths, self.cross_lengths):
                lengths[target] = lengths[source]
        self.free(source)

    def reorder(self, order: Sequence[int]) -> None:
        """Let stream k go on from what stream order[k] had, which saw the same encoder states."""
        chosen = list(order)
        if chosen == list(range(len(chosen))):
            return
        filled = min(max(self.lengths), self.capacity)
        for layer in self.layers:
            for kept in (layer.keys, layer.values):
                kept[: len(chosen), :filled] = kept[chosen, :filled]
            layer.sinks[: len(chosen)] = layer.sinks[chosen]
        self.lengths[: len(chosen)] = [self.lengths[stream] for stream in chosen]

    def free(self, stream: int) -> None:
        """Let a stream's place begin anew."""
        self.lengths[stream] = self.cross_lengths[stream] = 0

    def empty(self) -> None:
        """Let all streams begin anew."""
        self.lengths = [0] * self.streams

    def wipe(self, stream: int) -> None:
        """Forget values that are not numbers: they would reach whoever shares a batch with it."""
        for kept in (tensor for layer in self.layers for tensor in layer.tensors()):
            kept[stream].zero_()
        for kept in (tensor for pair in self.cross for tensor in pair):
            kept[stream].zero_()
