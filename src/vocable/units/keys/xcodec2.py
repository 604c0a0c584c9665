"""Checkpoints of X-Codec 2 and NeuCodec: as transformers saves them, and the authors' of the first.

    transformers    acoustic_encoder.…  semantic_encoder.…  acoustic_decoder.…, config.json beside
    xcodec2         CodecEnc.…  semantic_model.…  generator.…, with weight norm in any form

Which of the two it is the hop of the spectra says. NeuCodec's own file lacks w2v-BERT, which its
package takes from elsewhere. Left out: what only training needs, and blocks of w2v-BERT that are
not heard. Queries and keys have other orders of channels in the two layouts, which no score sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from torch import Tensor

from vocable.codecs.keys import anti_aliased as graph
from vocable.codecs.keys import seanet, steps
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.codecs.keys.form import Form, hub_files
from vocable.codecs.keys.fused import fused_shapes
from vocable.errors import ModelError
from vocable.fitting import check_config
from vocable.units.keys import w2v_bert
from vocable.units.neucodec import neucodec
from vocable.units.w2v_bert import W2vBert
from vocable.units.xcodec2 import EPS, SPECTRUM, xcodec2
from vocable.weights import Row, fuse_weight_norm

Shapes = Mapping[str, tuple[int, ...]]
SPEECH, HEARD = "semantic_encoder.", "encoder.speech."
_HEAD = "acoustic_decoder.head.linear.weight"
_HEADS_OF = 64  # channels of a head, where no config says how many there are
_HEARD = 16  # blocks of w2v-BERT: the authors' files hold all 24
_UNIT = {"snake1": 0, "conv1": 1, "snake2": 2, "conv2": 3}
_BLOCK = {"res_unit1": 0, "res_unit2": 1, "res_unit3": 2, "snake1": 3, "conv1": 4}
# the authors' names -> those of transformers, in order
_RENAMED = (
    (r"^semantic_model\.", SPEECH),
    (r"^SemanticEncoder_module\.initial_conv\.", "semantic_adapter.conv1."),
    (r"^SemanticEncoder_module\.residual_blocks\.1\.", "semantic_adapter.conv2."),
    (r"^SemanticEncoder_module\.residual_blocks\.3\.", "semantic_adapter.conv3."),
    (r"^SemanticEncoder_module\.final_conv\.", "semantic_adapter.conv4."),
    (r"^fc_prior\.", "fc_encoder."),
    (r"^fc_post_a\.", "acoustic_decoder.fc."),
    (r"^generator\.quantizer\.", "quantizer."),
    (r"^generator\.head\.out\.", "acoustic_decoder.head.linear."),
    (r"^generator\.backbone\.final_layer_norm\.", "acoustic_decoder.norm."),
    (r"^generator\.backbone\.transformers\.(\d+)\.att_norm\.",
     r"acoustic_decoder.layers.\1.input_layernorm."),
    (r"^generator\.backbone\.transformers\.(\d+)\.ffn_norm\.",
     r"acoustic_decoder.layers.\1.post_attention_layernorm."),
    (r"^generator\.backbone\.transformers\.(\d+)\.att\.c_proj\.",
     r"acoustic_decoder.layers.\1.self_attn.o_proj."),
    (r"^generator\.backbone\.transformers\.(\d+)\.", r"acoustic_decoder.layers.\1."),
    (r"^generator\.backbone\.", "acoustic_decoder."),
)  # fmt: skip
_TRAINING = re.compile(r"fc_post_s\..+|SemanticDecoder_module\..+|generator\.head\.istft\.window")
_LAYER = r"acoustic_decoder\.layers\.(\d+)\."


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which of the two a checkpoint is, or None if it is of another family.

    Raises ModelError for one without its w2v-BERT, and for settings of what neither does.
    """
    original = "generator.head.out.weight" in checkpoint.shapes
    shapes = _named(fused_shapes(checkpoint.shapes))
    if _HEAD not in shapes or "semantic_adapter.conv1.weight" not in shapes:
        return None
    speech = {k.removeprefix(SPEECH): s for k, s in shapes.items() if k.startswith(SPEECH)}
    if not speech:
        raise ModelError(
            "checkpoint lacks w2v-BERT 2.0, which its package fetches from elsewhere and by which "
            "it encodes; take the folder that transformers saves, which has it"
        )
    stated = checkpoint.config.get("semantic_model_config") or {}
    semantic = w2v_bert.config_of(speech, stated)
    with seanet.refusing("weights of such shapes make no X-Codec 2 and no NeuCodec"):
        sizes = _sizes(shapes, checkpoint.config) | {"semantic": semantic}
        published = xcodec2 if sizes["hop"] == _frame(sizes) else neucodec
        name = published.__name__
        if not original:
            _check(checkpoint.config, name, sizes)
    layout = "xcodec2" if original else "transformers"
    return Recognised(name, layout, name, asdict(published()) | sizes)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.units.xcodec2`, without weight norm."""
    tensors = _in_three(_named(fuse_weight_norm(checkpoint.tensors())))
    return steps.read(_steps(recognised.config), graph.Filters().read(tensors))


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    """Return the steps from transformers' names, by which the authors' tensors go, too."""
    depth = len(config["strides"])
    table = (*_rows(config["blocks"]), *graph.encoder_rows("sound", "encoder.sound.blocks"))
    return [
        steps.Part(SPEECH, HEARD, w2v_bert.STEPS),
        steps.Names(partial(_counted, depth=depth), _back(depth)),
        steps.Table((steps.as_it_is(HEARD), *table)),
    ]


# ---- keys ---------------------------------------------------------------------------------------


def _named(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is held by names of transformers, without what is left out."""
    found = {}
    for key, value in tensors.items():
        if _TRAINING.fullmatch(key):
            continue
        for pattern, instead in _RENAMED:
            key, changed = re.subn(pattern, instead, key)
            if changed:
                break
        if not _beyond(key):
            # in the authors' activation; others call it beta
            found[re.sub(r"\.act\.bias$", ".act.beta", key)] = value
    return found


def _beyond(key: str) -> bool:
    """Say whether a key is of a block of w2v-BERT that is not heard."""
    match = re.match(re.escape(SPEECH) + r"encoder\.layers\.(\d+)\.", key)
    return match is not None and int(match[1]) >= _HEARD


def _counted(key: str, depth: int) -> str:
    """Return a key of the encoder of sound with its members counted, as its graph has them."""
    key = re.sub(r"^CodecEnc\.conv_blocks\.", "sound.", key)
    key = re.sub(r"^CodecEnc\.conv_final_block\.0\.", f"sound.{depth + 1}.", key)
    key = re.sub(r"^CodecEnc\.conv_final_block\.1\.", f"sound.{depth + 2}.", key)
    theirs = r"^acoustic_encoder\."
    key = re.sub(theirs + r"conv1\.", "sound.0.", key)
    key = re.sub(theirs + r"snake1\.", f"sound.{depth + 1}.", key)
    key = re.sub(theirs + r"conv2\.", f"sound.{depth + 2}.", key)
    if match := re.match(theirs + r"block\.(\d+)\.(\w+)\.(?:(snake\d|conv\d)\.)?", key):
        number, member, inner = int(match[1]) + 1, _BLOCK.get(match[2]), match[3]
        if member is not None:
            within = f"block.{_UNIT[inner]}." if inner else ""
            key = f"sound.{number}.block.{member}.{within}{key[match.end() :]}"
    return key


def _in_three(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with queries, keys and values apart, which the authors' file has as one."""
    found = dict(tensors)
    for key in tensors:
        if match := re.fullmatch(r"(.+)\.att\.c_attn\.weight", key):
            for part, value in zip("qkv", found.pop(key).chunk(3), strict=True):
                found[f"{match[1]}.self_attn.{part}_proj.weight"] = value
    return found


def _rows(blocks: int) -> Iterator[Row]:
    """Yield what becomes of all but the two encoders; our decoder is one stack."""
    for theirs, ours in (("conv1", "0"), ("conv2", "2.branch.blocks.0"),
                         ("conv3", "2.branch.blocks.2"), ("conv4", "3")):  # fmt: skip
        yield Row(
            rf"semantic_adapter\.{theirs}\.(weight|bias)", rf"encoder.adapter.blocks.{ours}.\1"
        )
    yield Row(r"fc_encoder\.(weight|bias)", r"encoder.joined.\1")
    yield Row(r"quantizer\.project_in\.(weight|bias)", r"quantizer.into.\1")
    yield Row(r"quantizer\.project_out\.(weight|bias)", r"quantizer.out.\1")
    ends = {"fc": 0, "embed": 1, "norm": blocks + 6, r"head\.linear": blocks + 7}
    for part, number in ends.items():
        yield Row(rf"acoustic_decoder\.{part}\.(weight|bias)", rf"decoder.blocks.{number}.\1")
    for part, first in (("prior_net", 2), ("post_net", blocks + 4)):
        for number in range(2):
            branch = f"decoder.blocks.{first + number}.branch.blocks"
            for name, member in (("norm1", 0), ("conv1", 2), ("norm2", 3), ("conv2", 5)):
                theirs = rf"acoustic_decoder\.{part}\.{number}\.{name}"
                yield Row(rf"{theirs}\.(weight|bias)", rf"{branch}.{member}.\1")
    for number in range(blocks):
        theirs, ours = (
            rf"acoustic_decoder\.layers\.{number}\.",
            f"decoder.blocks.{number + 4}.blocks",
        )
        attention, mlp = f"{ours}.0.branch.blocks", f"{ours}.1.branch.blocks"
        yield Row(theirs + r"input_layernorm\.weight", f"{attention}.0.weight")
        for part, name in (("q", "query"), ("k", "key"), ("v", "value"), ("o", "out")):
            yield Row(rf"{theirs}self_attn\.{part}_proj\.weight", f"{attention}.1.{name}.weight")
        yield Row(theirs + r"post_attention_layernorm\.weight", f"{mlp}.0.weight")
        yield Row(theirs + r"mlp\.fc1\.weight", f"{mlp}.1.weight")
        yield Row(theirs + r"mlp\.fc2\.weight", f"{mlp}.3.weight")


# ---- sizes --------------------------------------------------------------------------------------


def _sizes(shapes: Shapes, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what shapes say of an `XCodec2Config`, and what config.json says beside them."""
    down = re.compile(
        r"(?:acoustic_encoder\.block\.(\d+)\.conv1|CodecEnc\.conv_blocks\.(\d+)\.block\.4)\.weight"
    )
    downs = {int(m[1] or m[2]): s for k, s in shapes.items() if (m := down.fullmatch(k))}
    hidden, width = shapes["acoustic_decoder.layers.0.mlp.fc1.weight"]
    layers = {m[1] for key in shapes if (m := re.match(_LAYER, key))}
    numbers = shapes["quantizer.project_in.weight"][0]
    steps = tuple(config.get("quantization_levels") or (4,) * numbers)
    if len(steps) != numbers:
        raise ModelError(f"config.json has {len(steps)} quantization_levels, the weights {numbers}")
    return {
        "encoder_channels": downs[min(downs)][1],
        "strides": tuple(downs[n][2] // 2 for n in sorted(downs)),
        "width": width,
        "steps": steps,
        "hop": (shapes[_HEAD][0] - 2) // SPECTRUM,
        "heads": config.get("num_attention_heads") or max(1, width // _HEADS_OF),
        "hidden": hidden,
        "blocks": len(layers),
    }


def _frame(sizes: Mapping[str, Any]) -> int:
    frame = 1
    for stride in sizes["strides"]:
        frame *= stride
    return frame


def _check(config: Mapping[str, Any], name: str, sizes: Mapping[str, Any]) -> None:
    """Refuse a config.json of other sizes, and one that asks for another function."""
    rate, frame = W2vBert.rate, _frame(sizes)
    check_config(
        config,
        {
            "model_type": name,
            "sampling_rate": rate,
            "input_sampling_rate": rate,
            "output_sampling_rate": rate * sizes["hop"] // frame,
            "encoder_hidden_size": sizes["encoder_channels"],
            "downsampling_ratios": sizes["strides"],
            "hidden_size": sizes["width"],
            "intermediate_size": sizes["hidden"],
            "num_hidden_layers": sizes["blocks"],
            "num_key_value_heads": sizes["heads"],
            "head_dim": sizes["width"] // sizes["heads"],
            "quantization_dim": sizes["width"] + sizes["semantic"]["width"],
            "hidden_act": "silu",
            "rms_norm_eps": EPS,
            "attention_bias": False,
        },
    )


# ---- what is written ----------------------------------------------------------------------------


def _back(depth: int) -> steps.Pairs:
    """Return what takes `_counted` back to transformers' names."""
    theirs, block = "acoustic_encoder.", r"^(acoustic_encoder\.block\.\d+)\."
    ends = {0: "conv1", depth + 1: "snake1", depth + 2: "conv2"}
    return (
        *((rf"^sound\.{n}\.(?!block\.)", f"{theirs}{name}.") for n, name in ends.items()),
        *((rf"^sound\.{n + 1}\.block\.", f"{theirs}block.{n}.") for n in range(depth)),
        *((rf"{block}{n}\.", rf"\1.{name}.") for name, n in _BLOCK.items()),
        *((rf"(\.res_unit\d)\.block\.{n}\.", rf"\1.{name}.") for name, n in _UNIT.items()),
    )


def _about(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return transformers' config.json."""
    c, rate, frame = config, W2vBert.rate, _frame(config)
    found = {
        "encoder_hidden_size": c["encoder_channels"],
        "downsampling_ratios": list(c["strides"]),
        "hidden_size": c["width"],
        "intermediate_size": c["hidden"],
        "num_hidden_layers": c["blocks"],
        "num_attention_heads": c["heads"],
        "num_key_value_heads": c["heads"],
        "head_dim": c["width"] // c["heads"],
        "hidden_act": "silu",
        "rms_norm_eps": EPS,
        "attention_bias": False,
        "quantization_dim": c["width"] + c["semantic"]["width"],
        "quantization_levels": list(c["steps"]),
        "semantic_model_config": w2v_bert.hub_config(c["semantic"]),
    }
    if c["hop"] == frame:
        return {"model_type": "xcodec2", "sampling_rate": rate, **found}
    written = rate * c["hop"] // frame
    rates = {"input_sampling_rate": rate, "output_sampling_rate": written}
    return {"model_type": "neucodec", **rates, **found}


FORMS = {"transformers": Form(_steps, hub_files(_about))}
