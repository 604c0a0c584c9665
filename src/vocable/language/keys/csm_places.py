"""Where the linear maps of transformers' CSM lie in ours, and our tensors under its keys.

Ours joins maps of one input: queries, keys and values, and the gate with what it multiplies. What
adapters and checkpoints of transformers name is a part of their rows.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from vocable.language.config import TransformerConfig
from vocable.language.csm.config import CsmConfig
from vocable.nn.lora import Place

_NORMS = {"attention_norm": "input_layernorm", "mlp_norm": "post_attention_layernorm"}
_TABLE = "backbone_model.embed_tokens.embed_audio_tokens.weight"


def csm_places(config: CsmConfig) -> tuple[Place, ...]:
    """Return all linear maps of a CSM by their names in transformers; the codec has none here."""
    return (
        *(place for names in _trunks(config) for place in _of_trunk(*names)),
        Place("lm_head", "head", 0, config.size),
        Place("depth_decoder.model.inputs_embeds_projector", "depth.into", 0, config.depth.width),
    )


def in_transformers(tensors: Mapping[str, Tensor], config: CsmConfig) -> dict[str, Tensor]:
    """Return the tensors of our network by the keys of transformers, in the same precision."""
    found = {
        f"{place.name}.weight": tensors[f"{place.module}.weight"][place.begin : place.end]
        for place in csm_places(config)
    }
    for theirs, ours, part in _trunks(config):
        found[f"{theirs}.norm.weight"] = tensors[f"{ours}.norm.weight"]
        for layer in range(part.layers):
            for own, name in _NORMS.items():
                key = f"{theirs}.layers.{layer}.{name}.weight"
                found[key] = tensors[f"{ours}.layers.{layer}.{own}.weight"]
    found["embed_text_tokens.weight"] = tensors["text.weight"]
    found[_TABLE] = tensors["codes.weight"]
    found["depth_decoder.codebooks_head.weight"] = tensors["depth.heads.weight"].transpose(1, 2)
    return {key: value.contiguous() for key, value in found.items()}


def _trunks(config: CsmConfig) -> tuple[tuple[str, str, TransformerConfig], ...]:
    return (
        ("backbone_model", "trunk", config.backbone),
        ("depth_decoder.model", "depth.trunk", config.depth),
    )


def _of_trunk(theirs: str, ours: str, config: TransformerConfig) -> list[Place]:
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
