"""The trunk of transformers' Llamas under its keys and ours, both ways.

Ours joins maps of one input: queries, keys and values, and the gate with what it multiplies. What
adapters and checkpoints of transformers name is a part of their rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from vocable.language.config import TransformerConfig
from vocable.language.keys import Shapes
from vocable.language.keys.parts import Parts, number_of, side_by_side
from vocable.nn.lora import Place
from vocable.weights import Row

_NORMS = {"attention_norm": "input_layernorm", "mlp_norm": "post_attention_layernorm"}
_MAPS = {
    r"self_attn\.into\.weight": "attention.into.weight",
    r"self_attn\.o_proj\.weight": "attention.out.weight",
    r"mlp\.into\.weight": "mlp.into.weight",
    r"mlp\.down_proj\.weight": "mlp.out.weight",
}


def llama_sizes(shapes: Shapes, theirs: str) -> dict[str, int]:
    """Return width, hidden, layers, and the rows of queries and keys of the trunk `theirs`."""
    first = f"{theirs}.layers.0."
    hidden, width = shapes[first + "mlp.gate_proj.weight"]
    return {
        "width": width,
        "hidden": hidden,
        "layers": number_of(shapes, re.escape(theirs) + r"\.layers\.\d+\.input_layernorm\.weight"),
        "query_rows": shapes[first + "self_attn.q_proj.weight"][0],
        "key_rows": shapes[first + "self_attn.k_proj.weight"][0],
    }


def llama_parts(theirs: str) -> tuple[Parts, ...]:
    """Return which maps of a trunk are joined."""
    layer = rf"({re.escape(theirs)}\.layers\.\d+\.)"
    return (
        Parts(
            rf"{layer}self_attn\.([qkv])_proj\.weight", r"\1self_attn.into.weight", "qkv",
            side_by_side,
        ),
        Parts(
            rf"{layer}mlp\.(gate|up)_proj\.weight", r"\1mlp.into.weight", ("gate", "up"),
            side_by_side,
        ),
    )  # fmt: skip


def llama_rows(theirs: str, ours: str) -> list[Row]:
    """Return what becomes of a trunk's keys, once its maps are joined."""
    layer = re.escape(theirs) + r"\.layers\.(\d+)\."
    named = _MAPS | {rf"{name}\.weight": f"{own}.weight" for own, name in _NORMS.items()}
    table = [Row(layer + key, rf"{ours}.layers.\1.{name}") for key, name in named.items()]
    return [*table, Row(re.escape(theirs) + r"\.norm\.weight", f"{ours}.norm.weight")]


def llama_places(theirs: str, ours: str, config: TransformerConfig) -> list[Place]:
    """Return all linear maps of a trunk by their names in transformers."""
    queries, keys = (heads * config.channels for heads in (config.heads, config.key_heads))
    found = []
    for layer in range(config.layers):
        name, own = f"{theirs}.layers.{layer}", f"{ours}.layers.{layer}"
        into = f"{own}.attention.into"
        found += [
            Place(f"{name}.self_attn.q_proj", into, 0, queries),
            Place(f"{name}.self_attn.k_proj", into, queries, queries + keys),
            Place(f"{name}.self_attn.v_proj", into, queries + keys, queries + 2 * keys),
            Place(f"{name}.self_attn.o_proj", f"{own}.attention.out", 0, config.width),
            Place(f"{name}.mlp.gate_proj", f"{own}.mlp.into", 0, config.hidden),
            Place(f"{name}.mlp.up_proj", f"{own}.mlp.into", config.hidden, 2 * config.hidden),
            Place(f"{name}.mlp.down_proj", f"{own}.mlp.out", 0, config.width),
        ]
    return found


def llama_norms(
    tensors: Mapping[str, Tensor], theirs: str, ours: str, config: TransformerConfig
) -> dict[str, Tensor]:
    """Return the weights of a trunk's norms by their keys in transformers."""
    found = {f"{theirs}.norm.weight": tensors[f"{ours}.norm.weight"]}
    for layer in range(config.layers):
        for own, name in _NORMS.items():
            key = f"{theirs}.layers.{layer}.{name}.weight"
            found[key] = tensors[f"{ours}.layers.{layer}.{own}.weight"]
    return found


def mapped(tensors: Mapping[str, Tensor], places: tuple[Place, ...]) -> dict[str, Tensor]:
    """Return the weights of maps by their names in transformers."""
    return {
        f"{place.name}.weight": tensors[f"{place.module}.weight"][place.begin : place.end]
        for place in places
    }
