"""The transformer of token models: a pre-norm decoder that runs whole or in steps.

"Attention Is All You Need" (Vaswani et al. 2017, arXiv:1706.03762); the norm in front: Xiong et al.
2020, arXiv:2002.04745; heads that share keys: Ainslie et al. 2023, arXiv:2305.13245. One config
says which of its forms a model has: Llama, CSM, Moshi's two models, MusicGen's decoder.

The law: `step` over a cache gives what the whole gives, in blocks of any size.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.language.attention import CrossAttention, SelfAttention
from vocable.language.cache import Cache, CrossCache, LayerCache
from vocable.language.config import TransformerConfig
from vocable.language.mlp import MLP
from vocable.language.norm import make_norm
from vocable.language.positions import make_positions
from vocable.language.sight import Sight, step_sight, whole_sight


class Layer(nn.Module):
    """Attention, cross-attention if any, MLP: each behind its norm, beside a skip."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention_norm = make_norm(config)
        self.attention = SelfAttention(config)
        self.cross_norm = None if config.cross is None else make_norm(config)
        self.cross = None if config.cross is None else CrossAttention(config)
        self.mlp_norm = make_norm(config)
        self.mlp = MLP(config)
        self.dropout = config.dropout

    def forward(
        self,
        x: Float[Tensor, "batch time width"],
        sight: Sight,
        kept: LayerCache | None = None,
        seen: CrossCache | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Run rows; `kept`: where earlier rows are, `seen`: encoder states."""
        x = x + self._some(self.attention.forward(self.attention_norm.forward(x), sight, kept))
        if self.cross is not None and self.cross_norm is not None and seen is not None:
            x = x + self._some(self.cross.forward(self.cross_norm.forward(x), sight, seen))
        return x + self._some(self.mlp.forward(self.mlp_norm.forward(x), sight.first))

    def _some(self, y: Tensor) -> Tensor:
        """Return it without some channels, in training, where the config asks for it."""
        return F.dropout(y, self.dropout) if self.training and self.dropout else y


class Transformer(nn.Module):
    """Layers over rows of embeddings; what turns ids into rows, and rows into ids, is around it."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.positions = make_positions(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = make_norm(config) if config.last_norm else None

    def _each(self) -> list[Layer]:
        return cast(list[Layer], list(self.layers))

    def forward(
        self,
        x: Float[Tensor, "batch time width"],
        lengths: Sequence[int] | None = None,
        cross: Float[Tensor, "batch states cross"] | None = None,
        cross_lengths: Sequence[int] | None = None,
        prefixes: Sequence[int] | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Run rows from position 0 on; of each item the first `lengths` count, the rest is padding.

        Padding may hold anything, and what comes of it means nothing. cross: encoder states, of
        which each item has the first `cross_lengths`. prefixes: how many of its first rows all
        rows of an item see, those before them too; None: none, each sees what came before.
        """
        y = deque(self.each_layer(x, lengths, cross, cross_lengths, prefixes), maxlen=1)[0]
        return y if self.norm is None else self.norm.forward(y)

    def each_layer(
        self,
        x: Float[Tensor, "batch time width"],
        lengths: Sequence[int] | None = None,
        cross: Float[Tensor, "batch states cross"] | None = None,
        cross_lengths: Sequence[int] | None = None,
        prefixes: Sequence[int] | None = None,
    ) -> Iterator[Float[Tensor, "batch time width"]]:
        """Yield what each layer gives, from the first on, without the last norm; see `forward`."""
        if self.config.window is None and x.shape[1] > self.config.context:
            raise ModelError(
                f"{x.shape[1]} positions are more than the context of {self.config.context}"
            )
        x = _without_padding(x, lengths)
        _check_prefixes(prefixes, lengths or [x.shape[1]] * len(x), self.config.window)
        sight = whole_sight(self.positions, self.config, x, lengths, prefixes)
        x = self.positions.add(x, sight.at)
        for layer in self._each():
            x = layer.forward(x, sight, None, _look(layer, cross, cross_lengths))
            yield x

    @torch.inference_mode()
    def step(
        self,
        x: Float[Tensor, "batch time width"],
        cache: Cache,
        *,
        first: int = 0,
        counts: Sequence[int] | None = None,
        prefixes: Sequence[int] | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Run the next rows of the streams from `first` on; the cache grows by them.

        counts: how many rows of each stream count, the others are padding; None: all. prefixes:
        how many of the rows that begin a stream see one another; all of them come in one call.
        Raises ModelError where a stream's context has no room for its rows, for a prefix in parts
        or in a window, and for a model that sees both sides; nothing is changed then.
        """
        if not self.config.causal:
            raise ModelError("a model that sees both sides runs whole; it has no steps")
        streams = range(first, first + x.shape[0])
        counts = [x.shape[1]] * x.shape[0] if counts is None else list(counts)
        _check_room(cache, streams, counts)
        if prefixes is not None and any(cache.lengths[streams.start : streams.stop]):
            raise ModelError("a prefix begins a stream; these streams have begun")
        _check_prefixes(prefixes, counts, cache.window)
        x = _without_padding(x, counts) if min(counts) < x.shape[1] else x
        whole = self._rows_at_once(cache, streams, x.shape[1])
        found = []
        if whole:
            some = [min(count, whole) for count in counts]
            found.append(self._step(x[:, :whole], cache, streams, some, prefixes))
        for row in range(whole, x.shape[1]):
            came = [int(count > row) for count in counts]
            found.append(self._step(x[:, row : row + 1], cache, streams, came))
        return found[0] if len(found) == 1 else torch.cat(found, 1)

    @torch.inference_mode()
    def look(self, cross: Float[Tensor, "states cross"], cache: Cache, stream: int) -> None:
        """Let a stream see encoder states from now on."""
        room = cache.cross[0][0].shape[1]
        if len(cross) > room:
            raise ModelError(f"{len(cross)} encoder states are more than the cache's {room}")
        for layer, kept in zip(self._each(), cache.cross, strict=True):
            assert layer.cross is not None, "a cache with states belongs to such a model"
            for all_of_it, new in zip(kept, layer.cross.look(cross[None]), strict=True):
                all_of_it[stream].zero_()
                all_of_it[stream, : len(cross)] = new[0]
        cache.cross_lengths[stream] = len(cross)

    def _step(
        self, x: Tensor, cache: Cache, streams: range, counts: list[int],
        prefixes: Sequence[int] | None = None,
    ) -> Float[Tensor, "batch time width"]:  # fmt: skip
        sight = self._sight(cache, streams, counts, x, prefixes)
        seen = _kept_states(cache, streams) if self.config.cross else [None] * self.config.layers
        x = self.positions.add(x, sight.at)
        for layer, kept, states in zip(self._each(), cache.layers, seen, strict=True):
            x = layer.forward(x, sight, kept, states)
        for stream, count in zip(streams, counts, strict=True):
            cache.lengths[stream] += count
        return x if self.norm is None else self.norm.forward(x)

    def _sight(
        self, cache: Cache, streams: range, counts: list[int], x: Tensor,
        prefixes: Sequence[int] | None,
    ) -> Sight:  # fmt: skip
        """Return what rows see; kept where all streams begin together, time and again."""
        if cache.sights is None or prefixes is not None:
            return step_sight(self.positions, cache, streams, counts, x, prefixes)
        step = cache.lengths[streams.start], *x.shape[:2]
        if step not in cache.sights:
            cache.sights[step] = step_sight(self.positions, cache, streams, counts, x)
        found: Sight = cache.sights[step]
        return found

    def _rows_at_once(self, cache: Cache, streams: range, time: int) -> int:
        """Return how many rows may come before one takes a place that another still sees."""
        oldest = max(cache.lengths[streams.start : streams.stop])
        return time if time == 1 else min(time, max(0, cache.capacity - oldest))


def _look(layer: Layer, cross: Tensor | None, lengths: Sequence[int] | None) -> CrossCache | None:
    """Return what the layer sees of encoder states."""
    if layer.cross is None:
        return None
    if cross is None:
        raise ModelError("this model has cross-attention; give it encoder states")
    cross = _without_padding(cross, lengths)
    return CrossCache(*layer.cross.look(cross), _states_mask(lengths, cross.shape[1], cross))


def _check_room(cache: Cache, streams: range, counts: Sequence[int]) -> None:
    for stream, count in zip(streams, counts, strict=True):
        room = cache.room(stream)
        if room is not None and count > room:
            raise ModelError(
                f"context is full: stream {stream} has {cache.lengths[stream]} of "
                f"{cache.context} positions and {count} more came; a cache with a window forgets"
            )


def _check_prefixes(
    prefixes: Sequence[int] | None, counts: Sequence[int], window: int | None
) -> None:
    if prefixes is None:
        return
    if window is not None:
        raise ModelError("a prefix stays seen, so its cache has no window; take a full cache")
    for prefix, count in zip(prefixes, counts, strict=True):
        if prefix > count:
            raise ModelError(
                f"a prefix of {prefix} rows sees all of itself, so it comes at once; {count} came"
            )


def _without_padding(x: Tensor, lengths: Sequence[int] | None) -> Tensor:
    """Return rows with 0 for those that do not count: they may hold anything, even NaN."""
    if lengths is None or min(lengths) == x.shape[1]:
        return x
    counted = torch.arange(x.shape[1], device=x.device) < _column(lengths, x)
    return torch.where(counted[:, :, None], x, 0)


def _states_mask(lengths: Sequence[int] | None, states: int, like: Tensor) -> Tensor | None:
    """Return which states are seen; of an item without any the first, which is 0."""
    if lengths is None or min(lengths) == states:
        return None
    seen = torch.arange(states, device=like.device) < _column(lengths, like).clamp(min=1)
    return seen[:, None, None]


def _kept_states(cache: Cache, streams: range) -> list[CrossCache]:
    """Return the encoder states of streams, in every layer."""
    kept = slice(streams.start, streams.stop)
    lengths = cache.cross_lengths[kept]
    states = max(1, *lengths)
    mask = _states_mask(lengths, states, cache.cross[0][0])
    return [CrossCache(k[kept, :states], v[kept, :states], mask) for k, v in cache.cross]


def _column(lengths: Sequence[int], like: Tensor) -> Tensor:
    return torch.tensor(list(lengths), device=like.device)[:, None]
