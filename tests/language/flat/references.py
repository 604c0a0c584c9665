"""A Llama of transformers at toy size with Orpheus' vocabulary and random weights; its codec."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from vocable.codecs import Codec
from vocable.codecs.snac import SNAC, SNACConfig

ROWS = 156_940  # two more than there are ids, as published
TOY = {
    "vocab_size": ROWS, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
    "max_position_embeddings": 256, "rms_norm_eps": 1e-5, "bos_token_id": 128_000,
    "eos_token_id": 128_009, "pad_token_id": 128_263,
    "rope_parameters": {
        "rope_type": "llama3", "rope_theta": 500_000.0, "factor": 32.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 64,
    },
}  # fmt: skip
LETTERS = ": 0123456789abcdefghijklmnopqrstuvwxyz,.!?<>"


def make_reference(**changes) -> nn.Module:
    """Return transformers' model, of the toy's config but for `changes`, that makes up its mind."""
    transformers = pytest.importorskip("transformers")
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**(TOY | changes)))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            drawn = torch.randn(weight.shape, generator=generator)
            weight.copy_(1 + 0.2 * drawn if weight.ndim == 1 else 0.4 * drawn)
    return model.eval()


def write_model(model: nn.Module, folder: Path) -> Path:
    """Write a model as transformers does, with a tokenizer of letters and one special name."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

    model.save_pretrained(folder)
    vocabulary = {letter: number for number, letter in enumerate(LETTERS)} | {"_": len(LETTERS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="_"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.add_special_tokens([AddedToken("<a>", special=True)])
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def letters(text: str) -> list[int]:
    """Return the ids that the tokenizer gives."""
    return [LETTERS.index(each) for each in text]


def make_codec(**changes) -> Codec:
    """Return a SNAC with the tokens of the one for speech at 24 kHz, and few weights."""
    sizes = {
        "rate": 24_000, "encoder_channels": 2, "strides": (2, 4, 8, 8), "decoder_channels": 64,
        "window": 0, "sizes": (4096,) * 3, "level_strides": (4, 2, 1), "code_width": 4,
    }  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Codec(SNAC(SNACConfig(**(sizes | changes))))
