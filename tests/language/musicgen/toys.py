"""A toy MusicGen of transformers with random weights, ours with the same, and things for both."""

from functools import cache

import numpy as np
import pytest
import torch

from vocable import weights
from vocable.language.engine import Engine
from vocable.language.keys import musicgen as keys
from vocable.language.musicgen import MusicGen, MusicGenConfig
from vocable.tokens import AudioTokens, Level, TokenSpec

CODES, TEXT = 16, 20
CONFIG = dict(width=16, layers=2, heads=2, hidden=24, codes=CODES, text=TEXT, context=64)
SPEC = TokenSpec("toy-encodec@1:aa", 32_000, 640, 1, (Level(CODES),) * 4, (1, 2, 3, 4))


def spread(model):
    """Weights far from what training starts with, and heads that make up their minds."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(1.0 if "norm.weight" in name else 0.0, 0.25)
            if "lm_heads" in name or "embed_tokens" in name:
                weight.mul_(4)
    return model.eval()


def theirs_config(channels=1):
    transformers = pytest.importorskip("transformers")
    from transformers.models.musicgen.configuration_musicgen import MusicgenDecoderConfig

    return transformers, MusicgenDecoderConfig(
        vocab_size=CODES, hidden_size=32, ffn_dim=48, num_hidden_layers=2, num_attention_heads=4,
        num_codebooks=4 * channels, max_position_embeddings=64, pad_token_id=CODES,
        bos_token_id=CODES, audio_channels=channels,
    )  # fmt: skip


@cache
def theirs(channels=1):
    """The decoder alone, which takes states as wide as it is."""
    transformers, config = theirs_config(channels)
    return spread(transformers.MusicgenForCausalLM(config))


@cache
def whole_of_theirs():
    """With a text encoder, a codec, and the map between text and decoder."""
    transformers, decoder = theirs_config()
    text = transformers.T5Config(
        d_model=TEXT, d_kv=4, d_ff=8, num_layers=1, num_heads=2, vocab_size=16
    )
    sound = transformers.EncodecConfig(
        num_filters=2, hidden_size=8, codebook_size=CODES, codebook_dim=8, upsampling_ratios=[4, 2],
        num_lstm_layers=1, target_bandwidths=[48.0],
    )  # fmt: skip
    config = transformers.MusicgenConfig(
        text_encoder=text.to_dict(), audio_encoder=sound.to_dict(), decoder=decoder.to_dict()
    )
    return spread(transformers.MusicgenForConditionalGeneration(config))


def shapes(tensors):
    return {key: tuple(value.shape) for key, value in tensors.items()}


def opened(tensors, stated):
    """Return our model of a checkpoint, and what it was recognised as."""
    found = keys.recognise(shapes(tensors), stated)
    assert found is not None
    model = MusicGen(MusicGenConfig(**found.config))
    weights.load_tensors(model, keys.read(tensors, found))
    return model.eval(), found


def ours(model):
    """Return ours of a model of transformers."""
    return opened(model.state_dict(), model.config.to_dict())[0]


@cache
def made(channels=1, text=TEXT):
    """One without any transformers."""
    torch.manual_seed(1)
    model = MusicGen(MusicGenConfig(**{**CONFIG, "channels": channels, "text": text})).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3.0 if weight.ndim > 1 else 1.0)
    return model


def engine(model, streams=4, **options):
    return Engine(model, streams, **{"cross_states": 8, **options})


def states(time=5, channels=TEXT, seed=0):
    return torch.randn(time, channels, generator=torch.Generator().manual_seed(seed))


def codes(frames, streams=1, seed=0):
    return np.random.default_rng(seed).integers(0, CODES, (streams, 4, frames))


def tokens(frames, streams=1, seed=0):
    return AudioTokens(SPEC, list(codes(frames, streams, seed).swapaxes(0, 1)))
