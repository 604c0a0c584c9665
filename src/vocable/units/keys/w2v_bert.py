"""Checkpoints of w2v-BERT 2.0, as transformers has them, with config.json beside.

feature_projection.…    encoder.layers.N.ffn1.…    encoder.layers.N.self_attn.linear_q.…
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from vocable.codecs.keys import seanet, steps
from vocable.codecs.keys.change import pointwise
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.weights import Row

_PREFIX = re.compile(r"(?:wav2vec2_bert|semantic_model)\.")
_LAYER = r"encoder\.layers\.(\d+)\."
_MARK = "encoder.layers.0.self_attn.distance_embedding.weight"
_HEADS = r"masked_spec_embed|(?:lm_head|projector|classifier)\..+|layer_weights"
_TABLE = (
    Row(r"feature_projection\.layer_norm\.(weight|bias)", r"norm.\1"),
    Row(r"feature_projection\.projection\.(weight|bias)", r"project.\1"),
    *(
        Row(_LAYER + theirs, rf"blocks.\1.{ours}")
        for number, name in (("1", "before"), ("2", "after"))
        for theirs, ours in (
            (rf"ffn{number}_layer_norm\.(weight|bias)", rf"{name}.norm.\2"),
            (rf"ffn{number}\.intermediate_dense\.(weight|bias)", rf"{name}.up.\2"),
            (rf"ffn{number}\.output_dense\.(weight|bias)", rf"{name}.down.\2"),
        )
    ),
    Row(_LAYER + r"self_attn_layer_norm\.(weight|bias)", r"blocks.\1.attention_norm.\2"),
    Row(_LAYER + r"self_attn\.into\.(weight|bias)", r"blocks.\1.attention.into.\2"),
    Row(_LAYER + r"self_attn\.linear_out\.(weight|bias)", r"blocks.\1.attention.out.\2"),
    Row(_LAYER + r"self_attn\.distance_embedding\.weight", r"blocks.\1.attention.distances"),
    Row(_LAYER + r"conv_module\.layer_norm\.(weight|bias)", r"blocks.\1.convolution.norm.\2"),
    Row(
        _LAYER + r"conv_module\.depthwise_layer_norm\.(weight|bias)",
        r"blocks.\1.convolution.inner_norm.\2",
    ),
    Row(
        _LAYER + r"conv_module\.pointwise_conv1\.weight",
        r"blocks.\1.convolution.into.weight",
        pointwise,
    ),
    Row(
        _LAYER + r"conv_module\.pointwise_conv2\.weight",
        r"blocks.\1.convolution.out.weight",
        pointwise,
    ),
    Row(_LAYER + r"conv_module\.depthwise_conv\.weight", r"blocks.\1.convolution.depthwise.weight"),
    Row(_LAYER + r"final_layer_norm\.(weight|bias)", r"blocks.\1.norm.\2"),
    Row(_HEADS, None),
)
STEPS: tuple[steps.Step, ...] = (
    *(
        steps.Stacked(
            tuple(f".self_attn.linear_{part}.{kind}" for part in "qkv"), f".self_attn.into.{kind}"
        )
        for kind in ("weight", "bias")
    ),
    steps.Table(_TABLE),
)


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which w2v-BERT a checkpoint is, or None if it is of another family."""
    shapes = {_PREFIX.sub("", key): shape for key, shape in checkpoint.shapes.items()}
    if _MARK not in shapes:
        return None
    config = config_of(shapes, checkpoint.config)
    published = (config["width"], config["blocks"]) == (1024, 24)
    name = "w2v-bert-2.0" if published else f"w2v-bert-{config['blocks']}x{config['width']}"
    return Recognised(name, "transformers", "w2v-bert", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.units.w2v_bert`."""
    return renamed({_PREFIX.sub("", key): value for key, value in checkpoint.tensors().items()})


def config_of(shapes: Mapping[str, tuple[int, ...]], stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a `W2vBertConfig`, of shapes and of what config.json says."""
    with seanet.refusing("weights of such shapes make no w2v-BERT"):
        sizes = _sizes(shapes)
        return sizes | _stated(stated, sizes)


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors by the keys of `vocable.units.w2v_bert`, of those of an encoder alone."""
    return steps.read(STEPS, tensors)


def _sizes(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    counted = re.compile(_LAYER + r"final_layer_norm\.weight")
    width, stacked = shapes["feature_projection.projection.weight"]
    return {
        "width": width,
        "blocks": sum(bool(counted.fullmatch(key)) for key in shapes),
        "heads": width // shapes[_MARK][1],
        "hidden": shapes["encoder.layers.0.ffn1.intermediate_dense.weight"][0],
        "bands": stacked // 2,
        "kernel": shapes["encoder.layers.0.conv_module.depthwise_conv.weight"][2],
        "ahead": shapes[_MARK][0] - 65,
    }


def _stated(config: Mapping[str, Any], sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what config.json says beside the sizes; without one, it is as published."""
    check_config(
        config,
        {"hidden_size": sizes["width"], "num_hidden_layers": sizes["blocks"],
         "num_attention_heads": sizes["heads"], "intermediate_size": sizes["hidden"],
         "hidden_act": "swish", "position_embeddings_type": "relative_key",
         "conv_depthwise_kernel_size": sizes["kernel"], "add_adapter": False},
    )  # fmt: skip
    both = sizes["ahead"] + 64
    back = config.get("left_max_position_embeddings", 64)
    if not isinstance(back, int) or not 0 <= back <= both:
        raise ModelError(f"checkpoint has {both + 1} distances, which cannot reach {back} back")
    return {"back": back, "ahead": both - back, "eps": float(config.get("layer_norm_eps", 1e-5))}


def hub_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what transformers' config.json says of such an encoder."""
    c = config
    return {
        "model_type": "wav2vec2-bert",
        "hidden_size": c["width"],
        "num_hidden_layers": c["blocks"],
        "num_attention_heads": c["heads"],
        "intermediate_size": c["hidden"],
        "feature_projection_input_dim": 2 * c["bands"],
        "conv_depthwise_kernel_size": c["kernel"],
        "left_max_position_embeddings": c["back"],
        "right_max_position_embeddings": c["ahead"],
        "position_embeddings_type": "relative_key",
        "hidden_act": "swish",
        "add_adapter": False,
        "output_hidden_size": c["width"],
        "layer_norm_eps": c["eps"],
        "mask_time_prob": 0.0,  # else it has a row that stands in training where others are masked
    }
