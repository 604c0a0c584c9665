"""MusicGen's checkpoints: those of transformers, and of AudioCraft itself.

    transformers   [decoder.]model.decoder.layers.N.…   with config.json beside; encoders of text
                                                        and sound in the same file are left out
    audiocraft     transformer.layers.N.…               `best_state` of its state_dict.bin

Some hold the waves that are added to the input, which are made anew here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.language.keys import Recognised, Shapes
from vocable.language.keys.parts import Parts, gathered, number_of, side_by_side
from vocable.language.musicgen.config import MusicGenConfig
from vocable.weights import Row, rename

CODEC = "audio_encoder."
# what AudioCraft calls otherwise than transformers
_RENAMED = (
    (r"^decoder\.(model|lm_heads)\.", r"\1."),
    (r"^emb\.", "model.decoder.embed_tokens."),
    (r"^transformer\.", "model.decoder."),
    (r"^out_norm\.", "model.decoder.layer_norm."),
    (r"^linears\.", "lm_heads."),
    (r"^condition_provider\.conditioners\.description\.output_proj\.", "enc_to_dec_proj."),
    (r"\.cross_attention\.", ".encoder_attn."),
    (r"\.norm1\.", ".self_attn_layer_norm."),
    (r"\.norm_cross\.", ".encoder_attn_layer_norm."),
    (r"\.norm2\.", ".final_layer_norm."),
    (r"\.linear([12])\.", r".fc\1."),
)
_LAYER = r"model\.decoder\.layers\.(\d+)\."
_PARTS = (
    Parts(
        r"(.+\.self_attn)\.([qkv])_proj\.weight", r"\1.into.weight", ("q", "k", "v"), side_by_side
    ),
    Parts(r"(.+\.encoder_attn)\.([kv])_proj\.weight", r"\1.into.weight", ("k", "v"), side_by_side),
)
_TABLE = (
    Row(r"model\.decoder\.embed_tokens\.(\d+)\.weight", r"tables.\1.weight"),
    Row(_LAYER + r"self_attn\.into\.weight", r"trunk.layers.\1.attention.into.weight"),
    Row(_LAYER + r"self_attn\.out_proj\.weight", r"trunk.layers.\1.attention.out.weight"),
    Row(_LAYER + r"self_attn_layer_norm\.(weight|bias)", r"trunk.layers.\1.attention_norm.\2"),
    Row(_LAYER + r"encoder_attn\.q_proj\.weight", r"trunk.layers.\1.cross.query.weight"),
    Row(_LAYER + r"encoder_attn\.into\.weight", r"trunk.layers.\1.cross.into.weight"),
    Row(_LAYER + r"encoder_attn\.out_proj\.weight", r"trunk.layers.\1.cross.out.weight"),
    Row(_LAYER + r"encoder_attn_layer_norm\.(weight|bias)", r"trunk.layers.\1.cross_norm.\2"),
    Row(_LAYER + r"fc1\.weight", r"trunk.layers.\1.mlp.into.weight"),
    Row(_LAYER + r"fc2\.weight", r"trunk.layers.\1.mlp.out.weight"),
    Row(_LAYER + r"final_layer_norm\.(weight|bias)", r"trunk.layers.\1.mlp_norm.\2"),
    Row(r"model\.decoder\.layer_norm\.(weight|bias)", r"trunk.norm.\1"),
    Row(r"lm_heads\.(\d+)\.weight", r"heads.\1.weight"),
    Row(r"enc_to_dec_proj\.(weight|bias)", r"text.\1"),
    Row(r"model\.decoder\.embed_positions\.weights", None),
    Row(r"(?:text_encoder|audio_encoder)\..+", None),
)
_MARKS = (
    "model.decoder.embed_tokens.0.weight",
    "model.decoder.layers.0.encoder_attn_layer_norm.weight",
    "model.decoder.layers.0.fc1.weight",
    "lm_heads.0.weight",
)
_PUBLISHED = ((1024, 24), (1536, 48), (2048, 48))  # width and layers; 64 channels a head


def recognise(shapes: Shapes, config: Mapping[str, Any]) -> Recognised | None:
    """Return which MusicGen a checkpoint is, or None if it is of another family.

    Raises ModelError where config.json asks for what MusicGen does not do, or where neither it nor
    the sizes say how many heads there are.
    """
    found = {_as_in_transformers(key): shape for key, shape in shapes.items()}
    if not all(mark in found for mark in _MARKS):
        return None
    stated = config.get("decoder", config)
    rows, (ids, width) = number_of(found, r"lm_heads\.\d+\.weight"), found[_MARKS[0]]
    check_config(
        stated,
        {"num_codebooks": rows, "vocab_size": ids - 1, "hidden_size": width}
        | {"activation_function": "gelu", "scale_embedding": False},
    )
    channels = int(stated.get("audio_channels") or (2 if rows == 8 else 1))
    layers, text = number_of(found, _LAYER + r"fc1\.weight"), found.get("enc_to_dec_proj.weight")
    sizes: dict[str, Any] = {
        "width": width,
        "layers": layers,
        "heads": _heads(stated, width, layers),
        "hidden": found[_MARKS[2]][0],
        "levels": rows // channels,
        "codes": ids - 1,
        "channels": channels,
        "text": None if text is None else text[1],
        "context": int(stated.get("max_position_embeddings") or 2048),
    }
    codec = config.get("audio_encoder") or {}
    if codec.get("upsampling_ratios") and codec.get("sampling_rate"):
        sizes["rate"] = codec["sampling_rate"]
        sizes["frame"] = math.prod(codec["upsampling_ratios"])
    layout = "audiocraft" if any(key.startswith("emb.") for key in shapes) else "transformers"
    inside = CODEC if any(key.startswith(CODEC) for key in shapes) else None
    name = MusicGenConfig(**sizes).name
    return Recognised(name, layout, "musicgen", sizes, inside, codec if inside else None)


def read(tensors: Mapping[str, Tensor], recognised: Recognised) -> dict[str, Tensor]:
    """Return the tensors by the keys of `vocable.language.musicgen`."""
    found = {_as_in_transformers(key): value for key, value in tensors.items()}
    return rename(gathered(_cut(found), _PARTS), _TABLE)


def _as_in_transformers(key: str) -> str:
    if key.startswith(("text_encoder.", CODEC)):
        return key
    for pattern, instead in _RENAMED:
        key = re.sub(pattern, instead, key)
    return key


def _cut(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return AudioCraft's maps of queries, keys and values one by one."""
    found = {}
    for key, value in tensors.items():
        name = key.removesuffix("in_proj_weight")
        if name == key or not name.startswith("model.decoder."):
            found[key] = value
            continue
        for part, piece in zip("qkv", value.chunk(3), strict=True):
            found[f"{name}{part}_proj.weight"] = piece.clone()  # not the memory of all three
    return found


def _heads(stated: Mapping[str, Any], width: int, layers: int) -> int:
    if "num_attention_heads" in stated:
        return int(stated["num_attention_heads"])
    if (width, layers) in _PUBLISHED:
        return width // 64
    raise ModelError(
        f"checkpoint has the keys of MusicGen but {layers} layers of width {width}, which is no "
        f"published one, and does not say its heads; put its config.json beside it"
    )
