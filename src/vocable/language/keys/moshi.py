"""Moshi's checkpoints: those of Kyutai's `moshi`, and of transformers.

    moshi          transformer.layers.N.…          config.json beside since 2025; without one it is
                                                   the 7B model, or refused
    transformers   decoder.model.layers.N.…        config.json beside, and a Mimi inside

What becomes of their tensors is in `moshi_tensors`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.language.config import NoPositions, Rotary, TransformerConfig
from vocable.language.keys import Recognised, Shapes
from vocable.language.keys.moshi_tensors import of_moshi, of_transformers
from vocable.language.keys.parts import number_of
from vocable.language.moshi.config import MoshiConfig, moshi_7b

CODEC = "audio_encoder."
_MARKS = {
    "moshi": ("text_emb.weight", "emb.0.weight", "depformer_text_emb.weight", "linears.0.weight"),
    "transformers": ("decoder.model.embed_tokens.weight", "depth_decoder.lm_heads.weight"),
}


def recognise(shapes: Shapes, config: Mapping[str, Any]) -> Recognised | None:
    """Return which Moshi a checkpoint is, or None if it is of another family.

    Raises ModelError where config.json asks for what this Moshi does not do, and for a file of
    moshi that is of no published size and has none.
    """
    for layout, marks in _MARKS.items():
        if all(mark in shapes for mark in marks):
            found = (_of_moshi if layout == "moshi" else _of_transformers)(shapes, config)
            inside = CODEC if any(key.startswith(CODEC) for key in shapes) else None
            codec = config.get("audio_encoder_config") if inside else None
            return Recognised(found.name, layout, "moshi", asdict(found), inside, codec)
    return None


def read(tensors: Mapping[str, Tensor], recognised: Recognised) -> dict[str, Tensor]:
    """Return the tensors by the keys of `vocable.language.moshi`."""
    if recognised.layout == "moshi":
        return of_moshi(tensors, recognised.config)
    return of_transformers(tensors, recognised.config)


def _of_moshi(shapes: Shapes, config: Mapping[str, Any]) -> MoshiConfig:
    levels = number_of(shapes, r"linears\.\d+\.weight")
    rows = number_of(shapes, r"emb\.\d+\.weight")
    ids, width = shapes["emb.0.weight"]
    _check_says_enough(config, width)
    _check_moshi(config, {"dim": width, "n_q": rows, "dep_q": levels, "card": ids - 1})
    delays = config.get("delays", [0, 0, *[1] * (levels - 1), 0, *[1] * (rows - levels - 1)])
    return _config(
        width=(width, shapes["depformer_text_emb.weight"][1]),
        layers=(
            number_of(shapes, r"transformer\.layers\.\d+\.norm1\.alpha"),
            number_of(shapes, r"depformer\.layers\.\d+\.norm1\.alpha"),
        ),
        heads=(config.get("num_heads", 32), config.get("depformer_num_heads", 16)),
        ups=(
            _shape(shapes, "transformer.layers.0.gating.linear_in.weight"),
            _shape(shapes, "depformer.layers.0.gating.0.linear_in.weight"),
        ),
        context=config.get("context", 3000),
        base=config.get("max_period", 10_000),
        eps=1e-8,
        sizes=(levels, rows - levels, ids - 1, shapes["text_emb.weight"][0] - 1),
        delay=_delay(delays, levels, rows),
    )


def _check_says_enough(config: Mapping[str, Any], width: int) -> None:
    """Refuse a file without a config, unless it is of the published size."""
    if not config and width != moshi_7b().temporal.width:
        raise ModelError(
            f"checkpoint has the keys of Moshi but width {width}, which is not the published one, "
            f"and does not say its heads and context; put its config.json beside it"
        )


def _check_moshi(config: Mapping[str, Any], sizes: Mapping[str, Any]) -> None:
    """Refuse a config for what this Moshi does not do: translation, speech from text."""
    fixed = {
        "norm": "rms_norm_f32", "gating": "silu", "positional_embedding": "rope", "causal": True,
        "depformer_gating": "silu", "depformer_pos_emb": "none", "depformer_multi_linear": True,
        "depformer_weights_per_step": True, "kv_repeat": 1, "cross_attention": False,
        "norm_emb": False, "bias_proj": False, "extra_heads_num_heads": 0, "quantize": False,
        "demux_second_stream": False, "demux_second_text_stream": False, "lora": False,
        "model_type": "moshi",
    }  # fmt: skip
    check_config(config, {**sizes, **fixed})
    for key in (
        "conditioners", "depformer_weights_per_step_schedule", "depformer_low_rank_embeddings",
        "depformer_norm", "layer_scale", "depformer_layer_scale",
    ):  # fmt: skip
        if config.get(key):
            raise ModelError(f"config.json has {key}, which models that can be read do not have")


def _delay(delays: list[int], levels: int, rows: int) -> int:
    """Return the acoustic delay; ModelError where rows are late in another way."""
    later = delays[2] if levels > 1 and len(delays) > 2 else 0
    wanted = [0, 0, *[later] * (levels - 1), 0, *[later] * (rows - levels - 1)]
    if list(delays) != wanted:
        raise ModelError(
            f"config.json says delays {str(delays)[:60]}; Moshi's first levels and text have none, "
            f"the other levels one for all"
        )
    return later


def _of_transformers(shapes: Shapes, config: Mapping[str, Any]) -> MoshiConfig:
    inner, rope = config.get("depth_decoder_config") or {}, config.get("rope_parameters") or {}
    levels = _shape(shapes, "depth_decoder.lm_heads.weight")[0]
    rows = number_of(shapes, r"embed_tokens\.\d+\.weight")
    ids, width = _shape(shapes, "embed_tokens.0.weight")
    _check_says_enough(config, width)
    heads, context = config.get("num_attention_heads", 32), config.get("sliding_window", 3000)
    deep_heads = inner.get("num_attention_heads", 16)
    needed = {"hidden_act": "silu", "rms_norm_eps": config.get("rms_norm_eps", 1e-8)}
    check_config(
        config, needed | {"num_codebooks": levels, "hidden_size": width,
                          "audio_vocab_size": ids - 1, "num_key_value_heads": heads,
                          "head_dim": width // heads}
    )  # fmt: skip
    deep_width = _shape(shapes, "depth_decoder.text_embed_tokens.weight")[1]
    check_config(
        inner, needed | {"hidden_size": deep_width, "num_key_value_heads": deep_heads,
                         "head_dim": deep_width // deep_heads}
    )  # fmt: skip
    check_config(rope, {"rope_type": "default"})
    return _config(
        width=(width, deep_width),
        layers=(
            number_of(shapes, r"decoder\.model\.layers\.\d+\.input_layernorm\.weight"),
            number_of(shapes, r"depth_decoder\.layers\.\d+\.input_layernorm\.weight"),
        ),
        heads=(heads, deep_heads),
        ups=(
            _shape(shapes, "decoder.model.layers.0.mlp.fc1.weight"),
            _shape(shapes, "depth_decoder.layers.0.mlp.fc1.weight"),
        ),
        context=context,
        base=rope.get("rope_theta", config.get("rope_theta", 10_000.0)),
        eps=needed["rms_norm_eps"],
        sizes=(levels, rows - levels, ids - 1, shapes["decoder.model.embed_tokens.weight"][0] - 1),
        delay=1,
        **_clock(config.get("audio_encoder_config") or {}),
    )


def _clock(mimi: Mapping[str, Any]) -> dict[str, int]:
    """Return Mimi's rate, and the samples of its frame: its strides, and 2 of its resampling."""
    found = {"rate": mimi.get("sampling_rate"), "frame": mimi.get("upsampling_ratios")}
    if found["frame"]:
        found["frame"] = math.prod((2, *found["frame"]))
    return {key: value for key, value in found.items() if value}


def _config(
    *,
    width: tuple[int, int],
    layers: tuple[int, int],
    heads: tuple[int, int],
    ups: tuple[tuple[int, ...], tuple[int, ...]],
    context: int,
    base: float,
    eps: float,
    sizes: tuple[int, int, int, int],
    delay: int,
    **clock: int,
) -> MoshiConfig:
    """Return a config from pairs, of the temporal and of the depth model.

    ups: shapes of the maps into the MLP, gate and value behind one another.
    """
    levels = sizes[0]
    temporal = TransformerConfig(
        width=width[0], layers=layers[0], heads=heads[0], hidden=ups[0][-2] // 2, context=context,
        window=context, eps=eps, positions=Rotary(base=float(base)),
    )  # fmt: skip
    depth = TransformerConfig(
        width=width[1], layers=layers[1], heads=heads[1], hidden=ups[1][-2] // 2, context=levels,
        eps=eps, positions=NoPositions(), last_norm=False, sets=levels,
    )  # fmt: skip
    return MoshiConfig(temporal, depth, *sizes, delay=delay, **clock)


def _shape(shapes: Shapes, key: str) -> tuple[int, ...]:
    if key not in shapes:
        raise ModelError(f"checkpoint has the keys of Moshi but lacks {key}; fetch it again")
    return shapes[key]
