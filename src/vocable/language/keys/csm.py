"""Checkpoints of CSM: those of transformers and those of Sesame's `csm`.

    transformers   backbone_model.layers.N.self_attn.q_proj.weight    config.json beside
    csm            backbone.layers.N.attn.q_proj.weight               its config names two sizes

transformers turns the two halves of a head's channels against each other by position, as we do;
csm (torchtune) neighbours, so its rows of queries and keys are put in our order. Both store the
heads of the depth model as input by output, ours are turned. transformers has the table of audio
twice, tied, and may hold one of them; and Mimi, under `codec_model.`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.language.csm.config import CsmConfig, csm_1b
from vocable.language.keys import Recognised, Shapes, refusing
from vocable.language.keys.llama import llama_parts, llama_rows, llama_sizes
from vocable.language.keys.parts import gathered
from vocable.language.keys.rotary import llama3_config, rotary_halves
from vocable.weights import Row, rename

CODEC = "codec_model."
_HEADS = "depth_decoder.codebooks_head.weight"
_TABLES = (
    "backbone_model.embed_tokens.embed_audio_tokens.weight",
    "depth_decoder.model.embed_tokens.weight",
)
_MARKS = (_HEADS, "embed_text_tokens.weight", "backbone_model.norm.weight")
# csm's names -> those of transformers, in order
_RENAMED = (
    (r"^backbone\.", "backbone_model."),
    (r"^decoder\.", "depth_decoder.model."),
    (r"\.attn\.output_proj\.", ".self_attn.o_proj."),
    (r"\.attn\.", ".self_attn."),
    (r"\.mlp\.w1\.", ".mlp.gate_proj."),
    (r"\.mlp\.w2\.", ".mlp.down_proj."),
    (r"\.mlp\.w3\.", ".mlp.up_proj."),
    (r"\.sa_norm\.scale$", ".input_layernorm.weight"),
    (r"\.mlp_norm\.scale$", ".post_attention_layernorm.weight"),
    (r"\.norm\.scale$", ".norm.weight"),
    (r"^text_embeddings\.", "embed_text_tokens."),
    (r"^audio_embeddings\.weight$", _TABLES[0]),
    (r"^codebook0_head\.", "lm_head."),
    (r"^audio_head$", _HEADS),
    (r"^projection\.", "depth_decoder.model.inputs_embeds_projector."),
)
_TRUNKS = {"backbone_model": "trunk", "depth_decoder.model": "depth.trunk"}


def recognise(shapes: Shapes, config: Mapping[str, Any]) -> Recognised | None:
    """Return which CSM a checkpoint is, or None if it is of another family.

    Raises ModelError for one whose config asks for what CSM does not do, or that says too little: a
    file of no published size without transformers' config.json beside it.
    """
    named = {_as_in_transformers(key): shape for key, shape in shapes.items()}
    if not all(mark in named for mark in _MARKS):
        return None
    with refusing("CSM"):
        sizes = _sizes(named)
        stated = config.get("model_type") == "csm"
        found = _stated(config, sizes) if stated else _published(sizes)
    layout = "csm" if "audio_head" in shapes else "transformers"
    inside = CODEC if any(key.startswith(CODEC) for key in shapes) else None
    return Recognised(found.name, layout, "csm", asdict(found), inside, config.get("codec_config"))


def read(tensors: Mapping[str, Tensor], recognised: Recognised) -> dict[str, Tensor]:
    """Return the tensors by the keys of `vocable.language.csm.model`."""
    found: dict[str, Tensor] = {}
    for key, value in tensors.items():
        name = _as_in_transformers(key)
        if name in found:
            raise ModelError(f"checkpoint has two keys for {name}, the second is {key}")
        found[name] = value
    if recognised.layout == "csm":
        _turn_heads(found, recognised.config)
    _untie(found)
    parts = [line for theirs in _TRUNKS for line in llama_parts(theirs)]
    return rename(gathered(found, parts), _table())


def _as_in_transformers(key: str) -> str:
    for pattern, instead in _RENAMED:
        key = re.sub(pattern, instead, key)
    return key


# ---- tensors ------------------------------------------------------------------------------------


def _turn_heads(tensors: dict[str, Tensor], config: Mapping[str, Any]) -> None:
    """Put the rows of queries and keys in our order."""
    for theirs, part in (("backbone_model", "backbone"), ("depth_decoder.model", "depth")):
        for key in tensors:
            for letter, heads in (("q", "heads"), ("k", "kv_heads")):
                if re.fullmatch(rf"{theirs}\.layers\.\d+\.self_attn\.{letter}_proj\.weight", key):
                    tensors[key] = rotary_halves(tensors[key], config[part][heads])


def _untie(tensors: dict[str, Tensor]) -> None:
    """Keep the one table of audio."""
    here = [tensors.pop(key) for key in _TABLES if key in tensors]
    if len(here) == 2 and not torch.equal(*here):
        raise ModelError(
            f"checkpoint has two tables of audio that differ, {' and '.join(_TABLES)}; a CSM has "
            "one for both models"
        )
    if here:
        tensors[_TABLES[0]] = here[0]


def _turned(heads: Tensor) -> Tensor:
    return heads.transpose(1, 2).contiguous()


def _table() -> list[Row]:
    """Return what becomes of transformers' keys, once maps are stacked."""
    table = [
        Row(re.escape(CODEC) + ".+", None),
        Row(re.escape(_TABLES[0]), "codes.weight"),
        Row(r"embed_text_tokens\.weight", "text.weight"),
        Row(r"lm_head\.weight", "head.weight"),
        Row(r"depth_decoder\.model\.inputs_embeds_projector\.weight", "depth.into.weight"),
        Row(re.escape(_HEADS), "depth.heads.weight", _turned),
    ]
    return table + [row for names in _TRUNKS.items() for row in llama_rows(*names)]


# ---- sizes --------------------------------------------------------------------------------------


def _sizes(shapes: Shapes) -> dict[str, Any]:
    """Return what shapes say: of the whole, and of both parts."""
    others, _, size = shapes[_HEADS]
    return {
        "levels": others + 1,
        "size": size,
        "text": shapes["embed_text_tokens.weight"][0],
        "backbone": llama_sizes(shapes, "backbone_model"),
        "depth": llama_sizes(shapes, "depth_decoder.model"),
    }


def _published(sizes: Mapping[str, Any]) -> CsmConfig:
    """Return the published config, if the checkpoint has its sizes."""
    found = csm_1b()
    wanted = {
        "levels": found.levels, "size": found.size, "text": found.text,
        "backbone": {"width": 2048, "hidden": 8192, "layers": 16, "query_rows": 2048,
                     "key_rows": 512},
        "depth": {"width": 1024, "hidden": 8192, "layers": 4, "query_rows": 1024,
                  "key_rows": 256},
    }  # fmt: skip
    for key, value in wanted.items():
        if sizes[key] != value:
            raise ModelError(
                f"checkpoint has the keys of a CSM but {key} {sizes[key]}, not {value} as the "
                "published one, and does not say its heads; put transformers' config.json beside it"
            )
    return found


def _stated(config: Mapping[str, Any], sizes: Mapping[str, Any]) -> CsmConfig:
    """Return what transformers' config.json says beside the sizes."""
    depth = config.get("depth_decoder_config") or {}
    common = {"num_codebooks": sizes["levels"], "vocab_size": sizes["size"]}
    width = {"backbone_hidden_size": sizes["backbone"]["width"]}
    check_config(config, common | {"text_vocab_size": sizes["text"], "codebook_eos_token_id": 0})
    check_config(depth, common | width)
    usual = csm_1b()
    codec = config.get("codec_config") or {}
    codes = min(codec.get("codebook_size", usual.codes), sizes["size"])
    rate = codec.get("sampling_rate", usual.rate)
    begin, end = config.get("bos_token_id"), config.get("eos_token_id")
    return CsmConfig(
        llama3_config(config, sizes["backbone"], heads=32, kv_heads=8, context=2048),
        llama3_config(depth, sizes["depth"], heads=8, kv_heads=2, context=33),
        levels=sizes["levels"],
        size=sizes["size"],
        codes=codes,
        text=sizes["text"],
        begin=usual.begin if begin is None else begin,
        end=usual.end if end is None else end,
        rate=rate,
        frame=_frame(codec, usual.frame),
    )


def _frame(codec: Mapping[str, Any], usual: int) -> int:
    """Return the samples of Mimi's frame: what its strides multiply to, and 2 of its resampling."""
    ratios = codec.get("upsampling_ratios")
    if not ratios:
        return usual
    product = 2
    for ratio in ratios:
        product *= ratio
    return product
