"""Checkpoints of flat models: Llamas of transformers whose vocabulary has codes as well.

    model.layers.N.self_attn.q_proj.weight    config.json beside

Tables may have more rows than the vocabulary has ids: where codes begin is never taken from them.
Where the head is tied to the table, files may hold it as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.language.flat.config import FlatConfig
from vocable.language.flat.template import ORPHEUS
from vocable.language.keys import Recognised, Shapes, refusing
from vocable.language.keys.llama import (
    llama_norms,
    llama_parts,
    llama_places,
    llama_rows,
    llama_sizes,
    mapped,
)
from vocable.language.keys.parts import gathered
from vocable.language.keys.rotary import llama3_config
from vocable.nn.lora import Place
from vocable.weights import Row, rename

_TABLE, _HEAD = "model.embed_tokens.weight", "lm_head.weight"
_MARKS = (_TABLE, "model.norm.weight", "model.layers.0.self_attn.q_proj.weight")
# what config.json leaves out where it is transformers' default
_USUAL = {"rope_theta": 10_000.0, "rms_norm_eps": 1e-6}
_ROWS = (
    Row(r"model\.embed_tokens\.weight", "table.weight"),
    Row(r"lm_head\.weight", "head.weight"),
    Row(r".+\.rotary_emb\.inv_freq", None),  # of older versions
)


def recognise(shapes: Shapes, config: Mapping[str, Any]) -> Recognised | None:
    """Return which flat model a checkpoint is, or None if it is of another family.

    Raises ModelError for a Llama that has no rows for codes, or does not say its heads.
    """
    if not all(mark in shapes for mark in _MARKS) or config.get("model_type", "llama") != "llama":
        return None
    rows, least = shapes[_TABLE][0], ORPHEUS.ids.size
    if rows < least:
        raise ModelError(
            f"it is a Llama of {rows} ids, which has none for sound: in Orpheus' form there are "
            f"{least}; take a model that was extended and trained so"
        )
    if not config:
        raise ModelError("its weights do not say heads and positions; put its config.json beside")
    with refusing("Orpheus"):
        check_config(config, {"vocab_size": rows})
        sizes = llama_sizes(shapes, "model")
        heads = config.get("num_attention_heads", 32)
        stated = {**_USUAL, **config}
        trunk = llama3_config(stated, sizes, heads=heads, kv_heads=heads, context=2048)
        tied = bool(config.get("tie_word_embeddings", _HEAD not in shapes))
        found = FlatConfig(trunk, rows, tied, ORPHEUS.name)
    return Recognised(found.name, "transformers", "flat", asdict(found))


def read(tensors: Mapping[str, Tensor], recognised: Recognised) -> dict[str, Tensor]:
    """Return the tensors by the keys of `vocable.language.flat.model`."""
    found = dict(tensors)
    if recognised.config["tied"]:
        found.pop(_HEAD, None)
    rows = [*_ROWS, *llama_rows("model", "trunk")]
    return rename(gathered(found, llama_parts("model")), rows)


def flat_places(config: FlatConfig) -> tuple[Place, ...]:
    """Return the linear maps of a flat model by their names in transformers.

    A head that is the table is none: what is merged into it would change what is read as well.
    """
    head = () if config.tied else (Place("lm_head", "head", 0, config.rows),)
    return (*llama_places("model", "trunk", config.trunk), *head)


def in_transformers(tensors: Mapping[str, Tensor], config: FlatConfig) -> dict[str, Tensor]:
    """Return the tensors of our network by the keys of transformers, in the same precision."""
    found = mapped(tensors, flat_places(config))
    found |= llama_norms(tensors, "model", "trunk", config.trunk)
    found[_TABLE] = tensors["table.weight"]
    return {key: value.contiguous() for key, value in found.items()}
