"""Where the linear maps of transformers' CSM lie in ours, and our tensors under its keys."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from vocable.language.config import TransformerConfig
from vocable.language.csm.config import CsmConfig
from vocable.language.keys.llama import llama_norms, llama_places, mapped
from vocable.nn.lora import Place

_TABLE = "backbone_model.embed_tokens.embed_audio_tokens.weight"


def csm_places(config: CsmConfig) -> tuple[Place, ...]:
    """Return all linear maps of a CSM by their names in transformers; the codec has none here."""
    return (
        *(place for names in _trunks(config) for place in llama_places(*names)),
        Place("lm_head", "head", 0, config.size),
        Place("depth_decoder.model.inputs_embeds_projector", "depth.into", 0, config.depth.width),
    )


def in_transformers(tensors: Mapping[str, Tensor], config: CsmConfig) -> dict[str, Tensor]:
    """Return the tensors of our network by the keys of transformers, in the same precision."""
    found = mapped(tensors, csm_places(config))
    for names in _trunks(config):
        found |= llama_norms(tensors, *names)
    found["embed_text_tokens.weight"] = tensors["text.weight"]
    found[_TABLE] = tensors["codes.weight"]
    found["depth_decoder.codebooks_head.weight"] = tensors["depth.heads.weight"].transpose(1, 2)
    return {key: value.contiguous() for key, value in found.items()}


def _trunks(config: CsmConfig) -> tuple[tuple[str, str, TransformerConfig], ...]:
    return (
        ("backbone_model", "trunk", config.backbone),
        ("depth_decoder.model", "depth.trunk", config.depth),
    )
