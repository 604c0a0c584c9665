"""A CLAP of random weights in a folder, as `transformers` saves one."""

from __future__ import annotations

import json
from pathlib import Path

import torch

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def save_clap(folder: Path, seed: int = 0) -> Path:
    """Write a small ClapModel and its processor into a folder."""
    from transformers import (
        ClapConfig,
        ClapFeatureExtractor,
        ClapModel,
        ClapProcessor,
        RobertaTokenizer,
    )

    words = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *LETTERS, "\u0120"]
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps({word: k for k, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = RobertaTokenizer.from_pretrained(folder, model_max_length=20)
    text = {
        "vocab_size": len(words), "hidden_size": 16, "num_hidden_layers": 1,
        "num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 24,
    }  # fmt: skip
    audio = {
        "num_mel_bins": 64, "spec_size": 256, "patch_embeds_hidden_size": 16, "depths": [1, 1],
        "num_attention_heads": [2, 2], "hidden_size": 32, "window_size": 8,
    }  # fmt: skip
    config = ClapConfig(text_config=text, audio_config=audio, projection_dim=24)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ClapModel(config)
        for name, buffer in model.named_buffers():
            if name.endswith("running_var"):
                buffer.fill_(100.0)
    model.save_pretrained(folder)
    extractor = ClapFeatureExtractor(truncation="rand_trunc")
    ClapProcessor(extractor, tokenizer).save_pretrained(folder)
    return folder
