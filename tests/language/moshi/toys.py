"""A toy Moshi of transformers with random weights, ours with the same, and users for both."""

from functools import cache

import numpy as np
import pytest
import torch

from vocable import weights
from vocable.fitting import fit
from vocable.language.config import NoPositions, TransformerConfig
from vocable.language.engine import Engine
from vocable.language.keys import moshi as keys
from vocable.language.moshi import Moshi, MoshiConfig

CODES, TEXT, FRAME = 16, 20, 8  # samples of a frame
CONFIG = MoshiConfig(
    TransformerConfig(width=32, layers=2, heads=4, hidden=44, context=40, window=40, eps=1e-8),
    TransformerConfig(
        width=16, layers=1, heads=2, hidden=22, context=8, eps=1e-8, sets=8, last_norm=False,
        positions=NoPositions(),
    ),
    codes=CODES,
    text=TEXT,
    frame=FRAME,
)  # fmt: skip


def spread(model):
    """Weights far from what training starts with, and heads that make up their minds."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(1.0 if "norm.weight" in name else 0.0, 0.25)
            if "head" in name or "embed_tokens" in name:
                weight.mul_(4)
    return model.eval()


@cache
def theirs():
    transformers = pytest.importorskip("transformers")
    mimi = transformers.MimiConfig(
        num_filters=2, hidden_size=16, codebook_size=CODES, codebook_dim=8, num_quantizers=8,
        num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2, head_dim=8,
        intermediate_size=16, upsampling_ratios=[2, 2], upsample_groups=16,
        vector_quantization_hidden_dimension=8,
    )  # fmt: skip
    depth = dict(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, ffn_dim=44, sliding_window=8
    )
    config = transformers.MoshiConfig(
        vocab_size=TEXT, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, ffn_dim=88,
        sliding_window=40, max_position_embeddings=40, num_codebooks=8,
        audio_encoder_config=mimi.to_dict(), depth_decoder_config=depth,
    )  # fmt: skip
    return spread(transformers.MoshiForConditionalGeneration(config))


def opened(tensors, stated):
    """Return our model of a checkpoint, and what it was recognised as."""
    shapes = {key: tuple(value.shape) for key, value in tensors.items()}
    found = keys.recognise(shapes, stated)
    assert found is not None
    model = Moshi(fit(MoshiConfig, found.config, "config", ValueError))
    weights.load_tensors(model, keys.read(tensors, found))
    return model.eval(), found


@cache
def ours():
    """Return ours of the toy of transformers."""
    return opened(theirs().state_dict(), theirs().config.to_dict())[0]


@cache
def made():
    """One without any transformers."""
    torch.manual_seed(1)
    model = Moshi(CONFIG).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3.0 if weight.ndim > 1 else 1.0)
    return model


def engine(model, streams=4, **options):
    return Engine(model, streams, **options)


def heard(frames, seed=0):
    """Codes `[frames, levels]` of a user."""
    return np.random.default_rng(seed).integers(0, CODES, (frames, 8))


def ids(steps, batch=1, seed=0):
    """Ids `[batch, steps, rows]`, the initial ones first, some of nothing."""
    chance = np.random.default_rng(seed)
    found = np.stack([chance.integers(-1, n - 1, (batch, steps)) for n in CONFIG.sizes], 2)
    found[:, 0] = CONFIG.initial
    return torch.from_numpy(found)
