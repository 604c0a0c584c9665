"""Checkpoints of wav2vec 2.0, HuBERT and WavLM: those of transformers, of fairseq and of UniLM.

    transformers      feature_extractor.conv_layers.N.conv.…    config.json beside
    fairseq, UniLM    feature_extractor.conv_layers.N.0.…       settings inside, "cfg" or "args"

A model with a head holds the encoder's keys behind a prefix. What shapes do not say (heads,
strides, where the norms are, input normalisation) the settings do; where there are none, the
published models' rules hold: heads are 64 wide, and norms come first, over a normalised recording,
where the extractor norms its rows.

The hub's configs say of some base models that their input is normalised. They were trained
without, so the extractor decides, unless the file itself (not its preprocessor) says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from vocable.codecs.keys import seanet, steps
from vocable.codecs.keys.change import as_gates
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.units.keys.positional import CONV, Taps, weight_key
from vocable.weights import Row

_PREFIX = re.compile(r"(?:w2v_encoder\.w2v_model|hubert|wav2vec2|wavlm|w2v_model)\.")
_FIRST = "feature_extractor.conv_layers.0.conv.weight"
_OFFSETS = "encoder.layers.0.attention.rel_attn_embed.weight"
_LAYER = r"encoder\.layers\.(\d+)\."
_USUAL_STRIDES = {(10, 3, 3, 3, 3, 2, 2): (5, 2, 2, 2, 2, 2, 2)}
_HEAD_WIDTH = 64
_SIZES = {(768, 12): "base", (1024, 24): "large", (1280, 48): "xlarge"}
# fairseq's names -> those of transformers, in order
_RENAMED = (
    (r"^feature_extractor\.conv_layers\.(\d+)\.0\.", r"feature_extractor.conv_layers.\1.conv."),
    (
        r"^feature_extractor\.conv_layers\.(\d+)\.2(?:\.1)?\.(weight|bias)$",
        r"feature_extractor.conv_layers.\1.layer_norm.\2",
    ),
    (r"^layer_norm\.", "feature_projection.layer_norm."),
    (r"^post_extract_proj\.", "feature_projection.projection."),
    (r"^encoder\.pos_conv\.0\.", CONV + "."),
    (r"^(encoder\.layers\.\d+)\.self_attn\.", r"\1.attention."),
    (r"^(encoder\.layers\.\d+)\.self_attn_layer_norm\.", r"\1.layer_norm."),
    (r"^(encoder\.layers\.\d+)\.fc1\.", r"\1.feed_forward.intermediate_dense."),
    (r"^(encoder\.layers\.\d+)\.fc2\.", r"\1.feed_forward.output_dense."),
    (r"\.attention\.grep_linear\.", ".attention.gru_rel_pos_linear."),
    (r"\.attention\.grep_a$", ".attention.gru_rel_pos_const"),
    (r"\.attention\.relative_attention_bias\.", ".attention.rel_attn_embed."),
)
# of training only
_HEADS = (
    r"mask_emb|masked_spec_embed|label_embs_concat|(?:final_proj|target_glu|proj)\..+"
    r"|(?:quantizer|project_q|project_hid|dropout_features|lm_head|projector|classifier)\..+"
    r"|layer_weights"
)
_TABLE = (
    Row(r"feature_extractor\.conv_layers\.(\d+)\.conv\.(weight|bias)", r"extractor.convs.\1.\2"),
    Row(
        r"feature_extractor\.conv_layers\.(\d+)\.layer_norm\.(weight|bias)",
        r"extractor.norms.\1.\2",
    ),
    Row(r"feature_projection\.layer_norm\.(weight|bias)", r"norm.\1"),
    Row(r"feature_projection\.projection\.(weight|bias)", r"project.\1"),
    Row(re.escape(CONV) + r"\.(weight|bias)", r"transformer.positions.conv.\1"),
    Row(r"encoder\.layer_norm\.(weight|bias)", r"transformer.norm.\1"),
    Row(_LAYER + r"attention\.into\.(weight|bias)", r"transformer.blocks.\1.attention.into.\2"),
    Row(_LAYER + r"attention\.out_proj\.(weight|bias)", r"transformer.blocks.\1.attention.out.\2"),
    Row(_LAYER + r"layer_norm\.(weight|bias)", r"transformer.blocks.\1.norm1.\2"),
    Row(_LAYER + r"final_layer_norm\.(weight|bias)", r"transformer.blocks.\1.norm2.\2"),
    Row(
        _LAYER + r"feed_forward\.intermediate_dense\.(weight|bias)", r"transformer.blocks.\1.up.\2"
    ),
    Row(_LAYER + r"feed_forward\.output_dense\.(weight|bias)", r"transformer.blocks.\1.down.\2"),
    # WavLM's bias on positions
    Row(r"encoder\.layers\.0\.attention\.rel_attn_embed\.weight", "transformer.offsets"),
    Row(
        _LAYER + r"attention\.gru_rel_pos_linear\.(weight|bias)",
        r"transformer.blocks.\1.attention.gate.\2",
    ),
    Row(
        _LAYER + r"attention\.gru_rel_pos_const",
        r"transformer.blocks.\1.attention.gate_scale",
        as_gates,
    ),
    Row(_HEADS, None),
)
STEPS: tuple[steps.Step, ...] = (  # from transformers' names to ours
    Taps(),
    *(
        steps.Stacked(
            tuple(f".attention.{part}_proj.{kind}" for part in "qkv"), f".attention.into.{kind}"
        )
        for kind in ("weight", "bias")
    ),
    steps.Table(_TABLE),
)


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which encoder a checkpoint is, or None if it is of another family.

    Raises ModelError for one without its positional convolution, and for settings that ask for
    what these families do not do.
    """
    shapes = {_as_in_transformers(key): shape for key, shape in checkpoint.shapes.items()}
    if _FIRST not in shapes or "encoder.layers.0.feed_forward.output_dense.weight" not in shapes:
        return None
    weight_key(shapes)
    with seanet.refusing("weights of such shapes make no wav2vec 2.0, HuBERT or WavLM"):
        sizes = _sizes(shapes)
    hub = any(_PREFIX.sub("", key) == _FIRST for key in checkpoint.shapes)
    stated = checkpoint.config if hub and checkpoint.config else _settings(checkpoint.stated)
    with seanet.refusing("its settings describe no wav2vec 2.0, HuBERT or WavLM"):
        config = sizes | (_of_hub(stated, sizes) if hub else _of_fairseq(stated, sizes))
    family = _family(shapes, stated)
    name = f"{family}-{_size(config)}"
    layout = "transformers" if hub else "UniLM" if family == "wavlm" else "fairseq"
    if family == "wavlm":
        config |= _of_wavlm(stated, shapes[_OFFSETS])
    return Recognised(name, layout, "wavlm" if family == "wavlm" else "wav2vec2", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.units.wav2vec2`, or `wavlm`."""
    return renamed(in_transformers(checkpoint))


def in_transformers(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """Return the tensors of any layout as transformers names them."""
    tensors: dict[str, Tensor] = {}
    for key, value in checkpoint.tensors().items():
        name = _as_in_transformers(key)
        if name in tensors:
            raise ModelError(f"checkpoint has two keys for {name}, the second is {key}")
        tensors[name] = value
    return tensors


def config_of(shapes: Mapping[str, tuple[int, ...]], stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a `Wav2Vec2Config` or `WavLMConfig`, named and stated as transformers.

    Raises ModelError as `recognise` does.
    """
    weight_key(shapes)
    with seanet.refusing("weights of such shapes make no wav2vec 2.0, HuBERT or WavLM"):
        sizes = _sizes(shapes)
    with seanet.refusing("its settings describe no wav2vec 2.0, HuBERT or WavLM"):
        config = sizes | _of_hub(stated, sizes)
    return config | _of_wavlm(stated, shapes[_OFFSETS]) if _OFFSETS in shapes else config


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors that transformers names by the keys of ours."""
    return steps.read(STEPS, tensors)


def _as_in_transformers(key: str) -> str:
    key = _PREFIX.sub("", key) if _PREFIX.match(key) else key
    for pattern, instead in _RENAMED:
        key = re.sub(pattern, instead, key)
    return key


# ---- what shapes say ----------------------------------------------------------------------------


def _sizes(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    convs = sorted(
        int(match[1])
        for key in shapes
        if (match := re.fullmatch(r"feature_extractor\.conv_layers\.(\d+)\.conv\.weight", key))
    )
    each = [shapes[f"feature_extractor.conv_layers.{n}.conv.weight"] for n in convs]
    counted = re.compile(_LAYER + r"feed_forward\.output_dense\.weight")
    width, hidden = shapes["encoder.layers.0.feed_forward.output_dense.weight"]
    taps = shapes[weight_key(shapes)]
    second = "feature_extractor.conv_layers.1.layer_norm.weight"
    return {
        "width": width,
        "hidden": hidden,
        "blocks": sum(bool(counted.fullmatch(key)) for key in shapes),
        "extractor": "layer" if second in shapes else "group",
        "filters": each[0][0],
        "kernels": tuple(shape[2] for shape in each),
        "filter_bias": "feature_extractor.conv_layers.0.conv.bias" in shapes,
        "position_kernel": taps[2],
        "position_groups": width // taps[1],
    }


def _size(config: Mapping[str, Any]) -> str:
    width, blocks = config["width"], config["blocks"]
    return _SIZES.get((width, blocks), f"{blocks}x{width}")


def _family(shapes: Mapping[str, Any], stated: Mapping[str, Any]) -> str:
    if _OFFSETS in shapes:
        return "wavlm"
    named = str(stated.get("model_type") or stated.get("_name") or stated.get("arch") or "")
    for family in ("hubert", "wav2vec2"):
        if family in named:
            return family
    return "wav2vec2" if any(key.startswith("quantizer.") for key in shapes) else "hubert"


# ---- what settings say --------------------------------------------------------------------------


def _settings(stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a fairseq or UniLM file as one table.

    "cfg" holds those of the model and of the task apart (fairseq) or is one table (UniLM); older
    files have "args".
    """
    found: dict[str, Any] = {}
    for table in (stated.get("args"), stated.get("cfg"), stated.get("model_cfg"),
                  stated.get("task_cfg")):  # fmt: skip
        if isinstance(table, Mapping):
            for part in (table.get("task"), table, table.get("model")):
                if isinstance(part, Mapping):
                    found |= {key: value for key, value in part.items() if value is not None}
    return found


def _of_fairseq(stated: Mapping[str, Any], sizes: Mapping[str, Any]) -> dict[str, Any]:
    rows = sizes["extractor"] == "layer"
    check_settings(
        stated,
        {"activation_fn": "gelu", "extractor_mode": "layer_norm" if rows else "default",
         "pos_conv_depth": 1, "conv_pos_batch_norm": False},
    )  # fmt: skip
    return {
        "heads": _heads(stated.get("encoder_attention_heads"), sizes),
        "strides": _strides(_spelt(stated.get("conv_feature_layers")), sizes),
        "pre_norm": bool(stated.get("layer_norm_first", rows)),
        "normalize": bool(stated.get("normalize", rows)),
    }


def _of_hub(stated: Mapping[str, Any], sizes: Mapping[str, Any]) -> dict[str, Any]:
    rows = sizes["extractor"] == "layer"
    check_config(
        stated,
        {"hidden_size": sizes["width"], "num_hidden_layers": sizes["blocks"],
         "intermediate_size": sizes["hidden"], "hidden_act": "gelu",
         "feat_extract_activation": "gelu", "feat_extract_norm": sizes["extractor"],
         "conv_kernel": sizes["kernels"], "conv_bias": sizes["filter_bias"],
         "layer_norm_eps": 1e-5, "feat_proj_layer_norm": True, "conv_pos_batch_norm": False,
         "num_conv_pos_embeddings": sizes["position_kernel"],
         "num_conv_pos_embedding_groups": sizes["position_groups"], "add_adapter": False},
    )  # fmt: skip
    strides = stated.get("conv_stride")
    return {
        "heads": _heads(stated.get("num_attention_heads"), sizes),
        "strides": _strides(tuple(strides) if strides else None, sizes),
        "pre_norm": bool(stated.get("do_stable_layer_norm", rows)),
        "normalize": rows,
    }


def _of_wavlm(stated: Mapping[str, Any], offsets: tuple[int, ...]) -> dict[str, Any]:
    """Return what WavLM has beside. Its own class has another default than its files say."""
    furthest = stated.get("max_bucket_distance", stated.get("max_distance", 800))
    return {"heads": offsets[1], "buckets": offsets[0], "furthest": furthest}


def hub_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what transformers' config.json says of such an encoder."""
    c = config
    found = {
        "model_type": "wavlm" if "buckets" in c else "hubert",
        "hidden_size": c["width"],
        "num_hidden_layers": c["blocks"],
        "num_attention_heads": c["heads"],
        "intermediate_size": c["hidden"],
        "feat_extract_norm": c["extractor"],
        "conv_dim": [c["filters"]] * len(c["kernels"]),
        "conv_kernel": list(c["kernels"]),
        "conv_stride": list(c["strides"]),
        "conv_bias": c["filter_bias"],
        "num_feat_extract_layers": len(c["kernels"]),
        "num_conv_pos_embeddings": c["position_kernel"],
        "num_conv_pos_embedding_groups": c["position_groups"],
        "do_stable_layer_norm": c["pre_norm"],
        "mask_time_prob": 0.0,  # else it has a row that stands in training where others are masked
    }
    if "buckets" in c:
        found |= {"num_buckets": c["buckets"], "max_bucket_distance": c["furthest"]}
    return found


def check_settings(stated: Mapping[str, Any], needed: Mapping[str, Any]) -> None:
    """Refuse settings in a file that ask for what its family does not do."""
    for key, wanted in needed.items():
        if stated.get(key) is not None and stated[key] != wanted:
            raise ModelError(
                f"its settings say {key} {str(stated[key])[:60]}, which for these weights must be "
                f"{wanted}"
            )


def _heads(stated: Any, sizes: Mapping[str, Any]) -> int:
    heads = stated if stated is not None else max(1, sizes["width"] // _HEAD_WIDTH)
    if not isinstance(heads, int) or heads < 1 or sizes["width"] % heads:
        raise ModelError(f"{sizes['width']} channels make no {heads} heads; fetch it again")
    return heads


def _strides(stated: tuple[int, ...] | None, sizes: Mapping[str, Any]) -> tuple[int, ...]:
    strides = stated or _USUAL_STRIDES.get(sizes["kernels"])
    if strides is None or len(strides) != len(sizes["kernels"]):
        raise ModelError(
            f"checkpoint has convolutions of kernels {sizes['kernels']} and does not say their "
            "strides; put its config.json beside it"
        )
    return strides


def _spelt(stated: Any) -> tuple[int, ...] | None:
    """Return the strides in fairseq's "[(512,10,5)] + [(512,3,2)] * 4 + …"; it is only read."""
    if not isinstance(stated, str):
        return None
    found: list[int] = []
    for group, times in re.findall(r"\[((?:\([\d,\s]+\),?\s*)+)\](?:\s*\*\s*(\d+))?", stated):
        triples = re.findall(r"\(\s*\d+\s*,\s*\d+\s*,\s*(\d+)\s*\)", group)
        found += [int(stride) for stride in triples] * min(int(times or 1), 64)
    return tuple(found) or None
