"""Attention of a transformer: to the rows before, and to what an encoder gave.

`nn.Attention` belongs to codecs: its state is a value that any number of streams may keep, so that
each step makes new keys and values of the whole window. Language models see thousands of rows, so
here a step writes its row into memory that was made once, and several heads may share keys.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.language.cache import CrossCache, LayerCache
from vocable.language.config import TransformerConfig
from vocable.language.maps import make_map
from vocable.language.positions import turned
from vocable.language.sight import Sight


class SelfAttention(nn.Module):
    """Each row attends to itself and to rows before it.

    Queries, keys and values are one map, `into`, in this order: `heads`, `kv_heads` and `kv_heads`
    times the head's channels.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.heads, self.key_heads, self.channels = config.heads, config.key_heads, config.channels
        rows = (config.heads + 2 * config.key_heads) * config.channels
        inner = config.heads * config.channels
        self.into = make_map(config.width, rows, config.sets, bias=config.input_bias)
        self.out = make_map(inner, config.width, config.sets, bias=config.output_bias)

    def forward(
        self,
        x: Float[Tensor, "batch time width"],
        sight: Sight,
        kept: LayerCache | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Attend to what `sight` says; rows that came before are in `kept`."""
        rows = by_head(self.into.forward(x, sight.first), self.channels)
        turning, value = rows.tensor_split((self.heads + self.key_heads,), 2)
        query, key = turned(turning, sight.turn).tensor_split((self.heads,), 2)
        if kept is not None and sight.place is not None:
            kept.keep_sinks(turning[:, :, self.heads :], sight.place)
            key, value = kept.store(key, value, sight.place)
        found = attend(query, key, value, sight.mask, causal=sight.causal)
        return self.out.forward(found, sight.first)


class CrossAttention(nn.Module):
    """Each row attends to the states of an encoder, which have no positions of their own here."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        assert config.cross is not None, "a layer has cross-attention where the config says so"
        self.channels = config.channels
        inner, keys = (heads * config.channels for heads in (config.heads, config.key_heads))
        self.query = make_map(config.width, inner, config.sets, bias=config.input_bias)
        self.into = make_map(config.cross, 2 * keys, None, bias=config.input_bias)
        self.out = make_map(inner, config.width, config.sets, bias=config.output_bias)

    def look(self, states: Float[Tensor, "batch states cross"]) -> tuple[Tensor, Tensor]:
        """Return keys and values of the states, `[batch, states, kv_heads, channels]`."""
        rows = by_head(self.into.forward(states), self.channels)
        key, value = rows.chunk(2, 2)
        return key, value

    def forward(
        self, x: Float[Tensor, "batch time width"], sight: Sight, seen: CrossCache
    ) -> Float[Tensor, "batch time width"]:
        """Attend to the keys and values that `look` gave."""
        query = by_head(self.query.forward(x, sight.first), self.channels)
        found = attend(query, seen.keys, seen.values, seen.mask)
        return self.out.forward(found, sight.first)


def by_head(rows: Tensor, channels: int) -> Float[Tensor, "batch time heads channels"]:
    """Cut each row into heads of so many channels."""
    return rows.reshape(*rows.shape[:2], rows.shape[2] // channels, channels)


def attend(
    query: Float[Tensor, "batch time heads channels"],
    keys: Float[Tensor, "batch rows kv_heads channels"],
    values: Float[Tensor, "batch rows kv_heads channels"],
    mask: Tensor | None,
    *,
    causal: bool = False,
) -> Float[Tensor, "batch time width"]:
    """Return the values of each head, weighted by its scores.

    mask: of `Sight`. Heads that share keys ask as so many rows of one head: torch would copy keys
    and values for each (`enable_gqa`), at twice the time of a step.
    """
    batch, time, heads, channels = query.shape
    shared, dtype = keys.shape[2], query.dtype
    query = query.to(keys.dtype)  # a cache may hold less than the model computes in
    if time == 1:  # the same in fewer operations, whose number decides in small models
        query = query.reshape(batch, shared, heads // shared, channels)
        found = F.scaled_dot_product_attention(
            query, keys.transpose(1, 2), values.transpose(1, 2), attn_mask=mask
        )
        return found.reshape(batch, 1, heads * channels).to(dtype)
    options: dict[str, Any] = {}
    if causal:
        options = {"is_causal": True, "enable_gqa": heads != shared}
        query = query.transpose(1, 2)
    else:
        query = (
            query.reshape(batch, time, shared, -1, channels).permute(0, 2, 3, 1, 4).flatten(2, 3)
        )
        options = {"attn_mask": mask}
    found = F.scaled_dot_product_attention(
        query, keys.transpose(1, 2), values.transpose(1, 2), **options
    )
    return found.reshape(batch, heads, time, channels).transpose(1, 2).flatten(2).to(dtype)
