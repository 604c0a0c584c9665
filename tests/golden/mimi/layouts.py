"""Name a Mimi's tensors as each of its files does: moshi's, by then, and transformers'.

What `moshi` calls them in memory is where all start from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

Tensors = Mapping[str, Tensor]
_HUB = (
    (r"^(encoder|decoder)\.model\.", r"\1.layers."),
    (r"\.(conv|convtr)(?:\.\1)+\.", ".conv."),
    (r"_transformer\.transformer\.", "_transformer."),
    (r"out_projs\.0", "o_proj"),
    (r"linear([12])", r"mlp.fc\1"),
    (r"norm1", "input_layernorm"),
    (r"norm2", "post_attention_layernorm"),
    (r"layer_scale_1", "self_attn_layer_scale"),
    (r"layer_scale_2", "mlp_layer_scale"),
    (r"rvq_first\.vq|rvq_first", "semantic_residual_vector_quantizer"),
    (r"rvq_rest\.vq|rvq_rest", "acoustic_residual_vector_quantizer"),
    (r"_codebook\._initialized", "codebook.initialized"),
    (r"_codebook\.embedding_sum", "codebook.embed_sum"),
    (r"_codebook\.", "codebook."),
)
_TREE = (
    (r"^(encoder|decoder)\.layers\.", r"\1.\1_seanet.layers."),
    (r"^(encoder_transformer|downsample)\.", r"encoder.\1."),
    (r"^(decoder_transformer|upsample)\.", r"decoder.\1."),
)
_PUBLISHED = ((r"in_projs\.0\.weight", "in_proj_weight"), (r"out_projs\.0", "out_proj"))
_OLDER = (
    *_PUBLISHED,
    (r"_initialized", "inited"),
    (r"cluster_usage", "cluster_size"),
    (r"embedding_sum", "embed_avg"),
)


def layouts(moshi: Tensors, heads: int) -> dict[str, Tensors]:
    """Return the tensors of all layouts, by the layouts' names."""
    hub = as_hub(moshi, heads)
    return {
        "moshi": moshi,
        "published": _named(moshi, _PUBLISHED),
        "older": _named(moshi, _OLDER),
        "oldest": _named(moshi, (*_OLDER, (r"embed_avg", "embed_sum"))),
        "flat": hub,
        "tree": _named(hub, _TREE),
    }


def as_hub(moshi: Tensors, heads: int) -> dict[str, Tensor]:
    """Return the tensors as a file of transformers has them, pairs in halves of each head."""
    found = _named(moshi, _HUB)
    for key in [key for key in found if ".in_projs." in key]:
        query, keys, value = found.pop(key).chunk(3)
        order = torch.arange(len(query)).reshape(heads, -1, 2).transpose(1, 2).flatten()
        name = key.replace("in_projs.0", "{}_proj")
        found |= {name.format("q"): query[order], name.format("k"): keys[order]}
        found[name.format("v")] = value.clone()
    return found


def _named(tensors: Tensors, table: tuple[tuple[str, str], ...]) -> dict[str, Tensor]:
    found = {}
    for key, value in tensors.items():
        for pattern, instead in table:
            key = re.sub(pattern, instead, key)
        found[key] = value
    return found
