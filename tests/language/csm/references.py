"""A CSM of transformers at toy size with random weights, and its files in both layouts.

Sesame's layout is written from the facts of its code (torchtune's names; neighbouring channels turn
together), by a table of its own: whole keys, no pattern of the map that is tested.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

LEVELS, SIZE, TEXT = 5, 32, 40
BACKBONE = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 32.0,
    "low_freq_factor": 0.125,
    "high_freq_factor": 0.5,
    "original_max_position_embeddings": 1024,
}
DEPTH = BACKBONE | {
    "low_freq_factor": 0.001953125,
    "high_freq_factor": 0.0078125,
    "original_max_position_embeddings": 16,
}
TOY = {
    "num_codebooks": LEVELS, "vocab_size": SIZE, "text_vocab_size": TEXT, "hidden_size": 32,
    "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 64, "bos_token_id": 30,
    "eos_token_id": 31, "pad_token_id": 32, "audio_token_id": 32, "audio_eos_token_id": 33,
    "codebook_pad_token_id": SIZE - 1, "rope_parameters": BACKBONE,
    "depth_decoder_config": {
        "num_codebooks": LEVELS, "vocab_size": SIZE, "backbone_hidden_size": 32,
        "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
        "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": LEVELS + 1,
        "rope_parameters": DEPTH,
    },
    "codec_config": {
        "model_type": "mimi", "num_filters": 4, "upsampling_ratios": [3, 2], "hidden_size": 32,
        "codebook_size": SIZE, "codebook_dim": 16, "vector_quantization_hidden_dimension": 16,
        "num_quantizers": LEVELS, "num_hidden_layers": 1, "num_attention_heads": 4,
        "num_key_value_heads": 4, "head_dim": 8, "intermediate_size": 64, "upsample_groups": 32,
        "sliding_window": 20,
    },
}  # fmt: skip


def make_reference(**changes) -> nn.Module:
    """Return transformers' model, of the toy's config but for `changes`, far from what it starts
    with."""
    transformers = pytest.importorskip("transformers")
    model = transformers.CsmForConditionalGeneration(transformers.CsmConfig(**(TOY | changes)))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if not name.startswith("codec_model."):
                drawn = torch.randn(weight.shape, generator=generator)
                weight.copy_(1 + 0.2 * drawn if weight.ndim == 1 else 0.3 * drawn)
    return model.eval()


def write_transformers(model: nn.Module, folder: Path) -> Path:
    """Write a model as transformers does."""
    model.save_pretrained(folder)
    return folder


def write_sesame(model: nn.Module, folder: Path) -> Path:
    """Write a model as Sesame does; beside it lies transformers' config.json, as on the hub."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(in_sesames_layout(model), folder / "model.safetensors")
    config = {key: value for key, value in TOY.items() if key != "codec_config"}
    stated = {"model_type": "csm", **config, "codec_config": TOY["codec_config"]}
    (folder / "config.json").write_text(json.dumps(stated))
    return folder


def in_sesames_layout(model: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of a model under the names and in the orders of `models.py` of csm."""
    theirs = model.state_dict()
    found = {
        "text_embeddings.weight": theirs["embed_text_tokens.weight"],
        "audio_embeddings.weight": theirs["backbone_model.embed_tokens.embed_audio_tokens.weight"],
        "codebook0_head.weight": theirs["lm_head.weight"],
        "audio_head": theirs["depth_decoder.codebooks_head.weight"],
        "projection.weight": theirs["depth_decoder.model.inputs_embeds_projector.weight"],
    }
    for ours, name in (("backbone", "backbone_model"), ("decoder", "depth_decoder.model")):
        config = model.config if ours == "backbone" else model.config.depth_decoder_config
        found[f"{ours}.norm.scale"] = theirs[f"{name}.norm.weight"]
        for layer in range(config.num_hidden_layers):
            found |= _layer(theirs, f"{name}.layers.{layer}", f"{ours}.layers.{layer}", config)
    return {key: value.clone().contiguous() for key, value in found.items()}


def _layer(theirs: Mapping[str, Tensor], source: str, target: str, config) -> dict[str, Tensor]:
    return {
        f"{target}.attn.q_proj.weight": as_neighbours(
            theirs[f"{source}.self_attn.q_proj.weight"], config.num_attention_heads
        ),
        f"{target}.attn.k_proj.weight": as_neighbours(
            theirs[f"{source}.self_attn.k_proj.weight"], config.num_key_value_heads
        ),
        f"{target}.attn.v_proj.weight": theirs[f"{source}.self_attn.v_proj.weight"],
        f"{target}.attn.output_proj.weight": theirs[f"{source}.self_attn.o_proj.weight"],
        f"{target}.mlp.w1.weight": theirs[f"{source}.mlp.gate_proj.weight"],
        f"{target}.mlp.w2.weight": theirs[f"{source}.mlp.down_proj.weight"],
        f"{target}.mlp.w3.weight": theirs[f"{source}.mlp.up_proj.weight"],
        f"{target}.sa_norm.scale": theirs[f"{source}.input_layernorm.weight"],
        f"{target}.mlp_norm.scale": theirs[f"{source}.post_attention_layernorm.weight"],
    }


def as_neighbours(rows: Tensor, heads: int) -> Tensor:
    """Put channel i and channel i + half of each head side by side."""
    first, second = rows.reshape(heads, 2, -1, rows.shape[1]).unbind(1)
    return torch.stack((first, second), 2).reshape(rows.shape)
