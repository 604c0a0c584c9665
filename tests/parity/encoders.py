"""Published encoders with random weights, and their checkpoints in each layout.

The original layouts are written from transformers' models by the tables here, which know nothing
of ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

# transformers' names -> those of fairseq and UniLM
IN_FAIRSEQ = (
    (r"feature_extractor\.conv_layers\.(\d+)\.conv\.", r"feature_extractor.conv_layers.\1.0."),
    (r"feature_projection\.layer_norm\.", "layer_norm."),
    (r"feature_projection\.projection\.", "post_extract_proj."),
    (r"masked_spec_embed", "mask_emb"),
    (r"encoder\.pos_conv_embed\.conv\.parametrizations\.weight\.original0",
     "encoder.pos_conv.0.weight_g"),
    (r"encoder\.pos_conv_embed\.conv\.parametrizations\.weight\.original1",
     "encoder.pos_conv.0.weight_v"),
    (r"encoder\.pos_conv_embed\.conv\.bias", "encoder.pos_conv.0.bias"),
    (r"attention\.gru_rel_pos_linear\.", "self_attn.grep_linear."),
    (r"attention\.gru_rel_pos_const", "self_attn.grep_a"),
    (r"attention\.rel_attn_embed\.", "self_attn.relative_attention_bias."),
    (r"(layers\.\d+)\.attention\.", r"\1.self_attn."),
    (r"(layers\.\d+)\.layer_norm\.", r"\1.self_attn_layer_norm."),
    (r"feed_forward\.intermediate_dense\.", "fc1."),
    (r"feed_forward\.output_dense\.", "fc2."),
)  # fmt: skip


@torch.no_grad()
def random_weights(model: nn.Module, seed: int = 0) -> nn.Module:
    """Make all weights of a model random, so that nothing is trivially equal."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith(("original0", "weight_g", "gru_rel_pos_const")):
            value = (0.3 * noise).exp()
        elif "bias" in name or name == "masked_spec_embed":
            value = 0.2 * noise
        elif parameter.dim() == 1:
            value = 1 + 0.2 * noise
        else:
            value = noise / max(1, parameter[0].numel()) ** 0.5
        parameter.copy_(value)
    return model.eval()


def write_hub(model: nn.Module, folder: Path, prefix: str = "", older: bool = False) -> Path:
    """Write a folder as transformers does; older: with the names that weight norm had before."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {prefix + key: value.contiguous() for key, value in model.state_dict().items()}
    if older:
        tensors = {
            key.replace("parametrizations.weight.original0", "weight_g").replace(
                "parametrizations.weight.original1", "weight_v"
            ): value
            for key, value in tensors.items()
        }
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(model.config.to_dict(), default=str))
    return folder


def in_fairseq(model: nn.Module) -> dict[str, Tensor]:
    """Return a model's tensors by the keys of fairseq and UniLM."""
    rows = model.config.feat_extract_norm == "layer"
    norm = r"feature_extractor.conv_layers.\1.2." + ("1." if rows else "")
    table = [(r"feature_extractor\.conv_layers\.(\d+)\.layer_norm\.", norm), *IN_FAIRSEQ]
    found = {}
    for key, value in model.state_dict().items():
        for pattern, instead in table:
            key, changed = re.subn(pattern, instead, key)
            if changed and not pattern.startswith((r"(layers", "attention")):
                break
        found[key] = value.clone()
    return found


def fairseq_settings(config: Any, name: str) -> dict[str, Any]:
    """Return fairseq's settings of a model of this config."""
    convs = zip(config.conv_dim, config.conv_kernel, config.conv_stride, strict=True)
    return {
        "_name": name,
        "extractor_mode": "layer_norm" if config.feat_extract_norm == "layer" else "default",
        "encoder_attention_heads": config.num_attention_heads,
        "layer_norm_first": config.do_stable_layer_norm,
        "conv_feature_layers": "[" + ", ".join(map(str, convs)) + "]",
        "activation_fn": "gelu",
    }


def write_fairseq(
    model: nn.Module, path: Path, name: str, more: Mapping[str, Tensor] | None = None
) -> Path:
    """Write a file of fairseq: its settings and its tensors, those of training among them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    config = model.config
    settings = {
        "model": fairseq_settings(config, name),
        "task": {"normalize": config.feat_extract_norm == "layer", "sample_rate": 16_000},
    }
    tensors = in_fairseq(model) | dict(more or {})
    rest = {"optimizer_history": [{"num_updates": 400_000}], "extra_state": {"epoch": 1}}
    held = {"args": None, "cfg": settings, "model": tensors, **rest}
    torch.save(held, path)
    return path
