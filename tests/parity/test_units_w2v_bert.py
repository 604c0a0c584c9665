"""w2v-BERT 2.0 against transformers: filterbank, every layer, distances beyond the table."""

from __future__ import annotations

import pytest
import torch

import vocable
from tests.parity.encoders import random_weights, write_hub
from tests.parity.peers import peer
from tests.parity.randomise import sound
from tests.parity.test_units_wav2vec2 import compare

peer("transformers")
from transformers import (  # noqa: E402
    SeamlessM4TFeatureExtractor,
    Wav2Vec2BertConfig,
    Wav2Vec2BertModel,
)

TOY = dict(
    hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40,
    conv_depthwise_kernel_size=7, left_max_position_embeddings=12, right_max_position_embeddings=3,
)  # fmt: skip


def reference(**changes):
    with torch.random.fork_rng(devices=[]):
        made = Wav2Vec2BertModel(Wav2Vec2BertConfig(**changes))
    return random_weights(made)


def compare_layers(path, made, x):
    """An odd last frame of the filterbank counts in its statistics, and is left out then."""
    bank = SeamlessM4TFeatureExtractor()(
        x.numpy(), sampling_rate=16_000, padding=False, return_tensors="pt"
    )
    with torch.no_grad():
        found = made(bank["input_features"].float(), output_hidden_states=True)
    encoder = vocable.load(path)
    assert encoder.layers == len(found.hidden_states) - 1
    for layer, wanted in enumerate(found.hidden_states):
        (ours,) = encoder.features(x.numpy(), 16_000, layer=layer)
        compare(ours, wanted[0])
    return encoder


@pytest.mark.parametrize("samples", [16_000, 16_000 + 160, 5 * 16_000 + 77])
def test_every_layer(samples, tmp_path):
    made = reference(**TOY)
    x = 0.3 * sound(samples, seed=samples)[0, 0]
    encoder = compare_layers(write_hub(made, tmp_path / "a", "wav2vec2_bert."), made, x)
    assert encoder.name == "w2v-bert-3x24" and (encoder.frame, encoder.window) == (320, 560)


@pytest.mark.slow
def test_every_layer_of_a_few_at_published_width(tmp_path):
    made = reference(num_hidden_layers=3)
    compare_layers(write_hub(made, tmp_path), made, 0.3 * sound(16_000 * 4)[0, 0])
