"""What checkpoints of Llamas share: the order of rotary pairs, and what transformers says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.language.config import Rotary, TransformerConfig
from vocable.nn.rotary import Llama3Scaling

_ROWS = 8192  # that turns are counted in: configs that mean the same are the same


def rotary_halves(rows: Float[Tensor, "rows width"], heads: int) -> Float[Tensor, "rows width"]:
    """Put the first of all pairs of neighbours before the second, in each head of a map's rows."""
    pairs = rows.reshape(heads, -1, 2, rows.shape[1])
    return pairs.transpose(1, 2).reshape(rows.shape)


def llama3_config(
    stated: Mapping[str, Any], sizes: Mapping[str, int], *, heads: int, kv_heads: int, context: int
) -> TransformerConfig:
    """Return the config of a Llama: sizes of its tensors, and what config.json says beside.

    sizes: width, hidden, layers, and the rows of queries and keys. heads, kv_heads, context: where
    config.json leaves them out.
    """
    given = {key: value for key, value in stated.items() if value is not None}
    heads = given.get("num_attention_heads", heads)
    kv_heads = given.get("num_key_value_heads", kv_heads)
    channels = given.get("head_dim", sizes["width"] // heads)
    if (heads * channels, kv_heads * channels) != (sizes["query_rows"], sizes["key_rows"]):
        raise ModelError(
            f"config.json says {heads} heads and {kv_heads} of keys, of {channels} channels, but "
            f"the weights have {sizes['query_rows']} and {sizes['key_rows']} rows; fetch both from "
            "one place"
        )
    check_config(
        given,
        {"hidden_size": sizes["width"], "intermediate_size": sizes["hidden"],
         "num_hidden_layers": sizes["layers"], "hidden_act": "silu", "attention_bias": False,
         "mlp_bias": False},
    )  # fmt: skip
    return TransformerConfig(
        width=sizes["width"],
        layers=sizes["layers"],
        heads=heads,
        kv_heads=kv_heads,
        head_width=None if heads * channels == sizes["width"] else channels,
        hidden=sizes["hidden"],
        context=given.get("max_position_embeddings", context),
        eps=float(given.get("rms_norm_eps", 1e-5)),
        positions=_rotary(given),
    )


def _rotary(given: Mapping[str, Any]) -> Rotary:
    """Return rotary positions; transformers before 5 says base and scaling apart."""
    stated = given.get("rope_parameters") or given.get("rope_scaling") or {}
    base = float(stated.get("rope_theta", given.get("rope_theta", 500_000.0)))
    kind = stated.get("rope_type", stated.get("type", "default"))
    if kind == "default":
        return Rotary(base=base)
    check_config({"rope_type": kind}, {"rope_type": "llama3"})
    turns = _ROWS / stated["original_max_position_embeddings"]
    low, high = stated["low_freq_factor"] * turns, stated["high_freq_factor"] * turns
    return Rotary(base=base, scaling=Llama3Scaling(float(stated["factor"]), low, high, _ROWS))
