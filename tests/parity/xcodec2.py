"""X-Codec 2 and NeuCodec as transformers has them, at any size, and the authors' names of keys."""

from __future__ import annotations

import re
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from tests.parity.randomise import randomise
from vocable.codecs.codes import Codes
from vocable.nn.antialiased import kaiser_taps
from vocable.testing.semantic_references import xcodec2_reference

KINDS = {"xcodec2": "Xcodec2", "neucodec": "NeuCodec"}
SPEECH = dict(
    num_hidden_layers=2, hidden_size=16, num_attention_heads=2, intermediate_size=24,
    conv_depthwise_kernel_size=7, left_max_position_embeddings=12, right_max_position_embeddings=3,
)  # fmt: skip
TOY = dict(
    encoder_hidden_size=3, downsampling_ratios=[4, 4, 4, 5], quantization_dim=48, hidden_size=32,
    intermediate_size=24, num_attention_heads=2, num_key_value_heads=2, num_hidden_layers=2,
    head_dim=16,
)  # fmt: skip
# names of transformers -> those of the authors, whose blocks are counted
_UNIT = {"snake1": 0, "conv1": 1, "snake2": 2, "conv2": 3}
_BLOCK = {"res_unit1": 0, "res_unit2": 1, "res_unit3": 2, "snake1": 3, "conv1": 4}
_TABLE = (
    (r"^semantic_encoder\.", "semantic_model."),
    (r"^semantic_adapter\.conv1\.", "SemanticEncoder_module.initial_conv."),
    (r"^semantic_adapter\.conv2\.", "SemanticEncoder_module.residual_blocks.1."),
    (r"^semantic_adapter\.conv3\.", "SemanticEncoder_module.residual_blocks.3."),
    (r"^semantic_adapter\.conv4\.", "SemanticEncoder_module.final_conv."),
    (r"^fc_encoder\.", "fc_prior."),
    (r"^quantizer\.", "generator.quantizer."),
    (r"^acoustic_encoder\.conv1\.", "CodecEnc.conv_blocks.0."),
    (r"^acoustic_encoder\.snake1\.", "CodecEnc.conv_final_block.0."),
    (r"^acoustic_encoder\.conv2\.", "CodecEnc.conv_final_block.1."),
    (r"^acoustic_decoder\.fc\.", "fc_post_a."),
    (r"^acoustic_decoder\.head\.linear\.", "generator.head.out."),
    (r"^acoustic_decoder\.norm\.", "generator.backbone.final_layer_norm."),
    (r"^acoustic_decoder\.layers\.(\d+)\.self_attn\.o_proj\.",
     r"generator.backbone.transformers.\1.att.c_proj."),
    (r"^acoustic_decoder\.layers\.(\d+)\.input_layernorm\.",
     r"generator.backbone.transformers.\1.att_norm."),
    (r"^acoustic_decoder\.layers\.(\d+)\.post_attention_layernorm\.",
     r"generator.backbone.transformers.\1.ffn_norm."),
    (r"^acoustic_decoder\.layers\.", "generator.backbone.transformers."),
    (r"^acoustic_decoder\.", "generator.backbone."),
)  # fmt: skip


def reference(kind: str, *, toy: bool = True, **distances: int) -> nn.Module:
    """Return the network with the weights that it is made with, in evaluation mode."""
    name, speech = KINDS[kind], SPEECH if toy else dict(num_hidden_layers=16)
    settings = transformers.Wav2Vec2BertConfig(**(speech | distances)).to_dict()
    made = getattr(transformers, f"{name}Config")
    config = made(**(TOY if toy else {}), semantic_model_config=settings)
    with torch.random.fork_rng(devices=[]):
        model: nn.Module = getattr(transformers, f"{name}Model")(config).eval()
    return model


def random_reference(kind: str, **how: int) -> nn.Module:
    """Return the network with random weights."""
    return randomise(reference(kind, **how), seed=1, run=run, samples=8000, books=False)


def run(model: Any, x: Tensor) -> Tensor:
    """Encode and decode."""
    found = xcodec2_reference(model)
    return found.sound(Codes(found.codes(x)))


def by_authors(model: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of X-Codec 2 by its authors' names, with what only training needs.

    The channels of queries and keys are those of transformers: in a head they may have any order.
    """
    apart = re.compile(r"acoustic_decoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\.weight")
    block = re.compile(r"acoustic_encoder\.block\.(\d+)\.(\w+)\.(?:(snake\d|conv\d)\.)?")
    found: dict[str, Tensor] = {}
    for key, value in model.state_dict().items():
        if match := apart.fullmatch(key):
            name = f"generator.backbone.transformers.{match[1]}.att.c_attn.weight"
            found[name] = torch.cat((found[name], value)) if name in found else value
            continue
        if match := block.match(key):
            inner = f"block.{_UNIT[match[3]]}." if match[3] else ""
            number = f"{int(match[1]) + 1}.block.{_BLOCK[match[2]]}"
            key = f"CodecEnc.conv_blocks.{number}.{inner}{key[match.end() :]}"
        for pattern, instead in _TABLE:
            key, changed = re.subn(pattern, instead, key)
            if changed:
                break
        found[key.replace(".act.beta", ".act.bias")] = value
    more = ("fc_post_s.weight", "SemanticDecoder_module.final_conv.weight",
            "generator.head.istft.window", "semantic_model.encoder.layers.16.ffn.bias")  # fmt: skip
    filters = {"CodecEnc.conv_final_block.0.upsample.filter": kaiser_taps()[None, None]}
    return found | filters | {key: torch.zeros(3) for key in more}
