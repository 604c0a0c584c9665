"""What becomes of the tensors of Moshi's checkpoints, in both layouts.

moshi turns neighbouring channels of a head against each other by position, transformers its two
halves, as we do; so moshi's rows of queries and keys are put in our order. In the depth model
nothing turns. Published files of moshi hold the attention of all levels in one matrix, one behind
the other; what the package itself saves has each by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vocable.language.keys.parts import Parts, gathered, side_by_side
from vocable.language.keys.rotary import rotary_halves
from vocable.weights import Row, rename

# moshi: names of today, and those of published files
_IN, _OUT = r"self_attn\.(?:in_projs\.0\.weight|in_proj_weight)", r"self_attn\.out_proj(?:s\.0)?\."
_DEEP = "depth.trunk"


def of_moshi(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return what `moshi` calls otherwise by our keys."""
    levels = tuple(map(str, range(config["levels"])))
    return rename(gathered(tensors, _moshi_parts(levels)), _moshi_table(config))


def of_transformers(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return what transformers calls otherwise by our keys."""
    return rename(gathered(tensors, _TRANSFORMERS_PARTS), _transformers_table(config))


def _moshi_parts(levels: tuple[str, ...]) -> list[Parts]:
    """Return which maps of levels lie apart."""
    layer = r"(depformer\.layers\.\d+)\."
    names = {
        layer + r"self_attn\.in_projs\.(\d+)\.weight": r"\1.self_attn.in_projs.weight",
        layer + r"self_attn\.out_projs\.(\d+)\.weight": r"\1.self_attn.out_projs.weight",
        layer + r"gating\.(\d+)\.linear_in\.weight": r"\1.gating.linear_in.weight",
        layer + r"gating\.(\d+)\.linear_out\.weight": r"\1.gating.linear_out.weight",
        r"depformer_in\.(\d+)\.weight": "depformer_in.weight",
        r"linears\.(\d+)\.weight": "linears.weight",
    }
    return [Parts(pattern, name, levels, torch.stack) for pattern, name in names.items()]


def _moshi_table(config: Mapping[str, Any]) -> list[Row]:
    temporal, levels = config["temporal"], config["levels"]
    halves = partial(_halves, heads=temporal["heads"])
    apart = partial(_apart, levels=levels)
    into, out = (rf"{_DEEP}.layers.\1.attention.{each}.weight" for each in ("into", "out"))
    wide, deep = r"transformer\.layers\.(\d+)\.", r"depformer\.layers\.(\d+)\."
    table = [
        Row(r"text_emb\.weight", "tables.0.weight"),
        *(Row(rf"emb\.{n}\.weight", f"tables.{n + 1}.weight")
          for n in range(levels + config["user_levels"])),
        Row(r"depformer_text_emb\.weight", "inner.0.weight"),
        *(Row(rf"depformer_emb\.{n}\.weight", f"inner.{n + 1}.weight") for n in range(levels - 1)),
        Row(wide + _IN, r"trunk.layers.\1.attention.into.weight", halves),
        Row(wide + _OUT + "weight", r"trunk.layers.\1.attention.out.weight"),
        Row(r"out_norm\.alpha", "trunk.norm.weight", torch.flatten),
        Row(r"text_linear\.weight", "head.weight"),
        Row(r"depformer_in\.weight", "depth.into.weight"),
        Row(r"linears\.weight", "depth.heads.weight"),
        Row(deep + r"self_attn\.in_projs\.weight", into),
        Row(deep + r"self_attn\.out_projs\.weight", out),
        Row(deep + r"self_attn\.in_proj_weight", into, apart),
        Row(deep + r"self_attn\.out_proj\.weight", out, apart),
    ]  # fmt: skip
    for layer, own in ((wide, "trunk"), (deep, _DEEP)):
        table += [
            Row(layer + r"norm1\.alpha", rf"{own}.layers.\1.attention_norm.weight", torch.flatten),
            Row(layer + r"norm2\.alpha", rf"{own}.layers.\1.mlp_norm.weight", torch.flatten),
            Row(layer + r"gating\.linear_in\.weight", rf"{own}.layers.\1.mlp.into.weight"),
            Row(layer + r"gating\.linear_out\.weight", rf"{own}.layers.\1.mlp.out.weight"),
        ]
    return table


def _halves(stacked: Tensor, heads: int) -> Tensor:
    """Put queries and keys in our order, in one map with values."""
    query, key, value = stacked.chunk(3)
    return torch.cat((rotary_halves(query, heads), rotary_halves(key, heads), value))


def _apart(stacked: Tensor, levels: int) -> Tensor:
    """Return one matrix of all levels as one for each."""
    return stacked.reshape(levels, -1, stacked.shape[1])


_TRANSFORMERS_PARTS = (
    Parts(
        r"(.+\.self_attn)\.([qkv])_proj\.linear\.weight",
        r"\1.into.weight",
        ("q", "k", "v"),
        side_by_side,
    ),
)


def _transformers_table(config: Mapping[str, Any]) -> list[Row]:
    levels = config["levels"]
    table = [
        Row(r"decoder\.model\.embed_tokens\.weight", "tables.0.weight"),
        *(Row(rf"embed_tokens\.{n}\.weight", f"tables.{n + 1}.weight")
          for n in range(levels + config["user_levels"])),
        Row(r"decoder\.model\.norm\.weight", "trunk.norm.weight"),
        Row(r"decoder\.lm_head\.weight", "head.weight"),
        Row(r"depth_decoder\.text_embed_tokens\.weight", "inner.0.weight"),
        *(Row(rf"depth_decoder\.embed_tokens\.{n}\.weight", f"inner.{n + 1}.weight")
          for n in range(levels - 1)),
        Row(r"depth_decoder\.input_projections\.weight", "depth.into.weight"),
        Row(r"depth_decoder\.lm_heads\.weight", "depth.heads.weight"),
        Row(r"audio_encoder\..+", None),
    ]  # fmt: skip
    for theirs, own in ((r"decoder\.model\.", "trunk"), (r"depth_decoder\.", _DEEP)):
        layer, ours = theirs + r"layers\.(\d+)\.", rf"{own}.layers.\1."
        table += [
            Row(layer + r"self_attn\.into\.weight", ours + "attention.into.weight"),
            Row(layer + r"self_attn\.o_proj\.linear\.weight", ours + "attention.out.weight"),
            Row(layer + r"input_layernorm\.weight", ours + "attention_norm.weight"),
            Row(layer + r"post_attention_layernorm\.weight", ours + "mlp_norm.weight"),
            Row(layer + r"mlp\.fc1\.weight", ours + "mlp.into.weight"),
            Row(layer + r"mlp\.fc2\.weight", ours + "mlp.out.weight"),
        ]
    return table
