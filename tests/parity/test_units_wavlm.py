"""WavLM against transformers: every layer, both layouts, far offsets, and its table of buckets."""

from __future__ import annotations

import pytest
import torch

import vocable
from tests.parity.encoders import fairseq_settings, in_fairseq, random_weights, write_hub
from tests.parity.peers import peer
from tests.parity.randomise import sound
from tests.parity.test_units_wav2vec2 import FULL_LARGE, LARGE, TOY, compare_layers
from vocable.units.wavlm import buckets

peer("transformers")
from transformers import WavLMConfig, WavLMModel  # noqa: E402
from transformers.models.wavlm.modeling_wavlm import WavLMAttention  # noqa: E402


def reference(**changes):
    few = dict(num_buckets=32, max_bucket_distance=40)
    with torch.random.fork_rng(devices=[]):
        made = WavLMModel(WavLMConfig(**(TOY | few | changes)))
    return random_weights(made)


def write_unilm(model, path):
    """Write a file as UniLM publishes WavLM: one table of settings."""
    config = model.config
    settings = fairseq_settings(config, "wavlm") | {
        "num_buckets": config.num_buckets, "max_distance": config.max_bucket_distance,
        "relative_position_embedding": True, "gru_rel_pos": True,
        "normalize": config.feat_extract_norm == "layer",
    }  # fmt: skip
    torch.save({"cfg": settings, "model": in_fairseq(model)}, path)
    return path


@pytest.mark.parametrize("form", [{}, LARGE], ids=["base", "large"])
def test_every_layer_of_every_layout(form, tmp_path):
    made = reference(**form)
    x = 0.5 * sound(20 * 300)[0, 0]  # 299 frames: more than a tile, beyond the furthest bucket
    spaces = set()
    for path in (write_hub(made, tmp_path / "hub"), write_unilm(made, tmp_path / "wavlm.pt")):
        encoder = vocable.load(path)
        compare_layers(encoder, made, x)
        assert encoder.name == "wavlm-3x24"
        spaces.add(encoder.space)
    assert len(spaces) == 1


@pytest.mark.slow
@pytest.mark.parametrize("form", [{}, FULL_LARGE | LARGE], ids=["base", "large"])
def test_every_layer_at_published_size(form, tmp_path):
    made = random_weights(WavLMModel(WavLMConfig(**form)), seed=1)
    x = sound(16_000 * (3 if form else 8), seed=2)[0, 0]
    encoder = vocable.load(write_hub(made, tmp_path / "hub"))
    compare_layers(encoder, made, x)
    assert encoder.name == ("wavlm-large" if form else "wavlm-base")


@pytest.mark.parametrize(("count", "furthest"), [(320, 800), (320, 1280), (32, 40)])
def test_buckets_are_the_reference_s(count, furthest):
    theirs = WavLMAttention(24, 4, num_buckets=count, max_distance=furthest)
    distance = torch.arange(-3000, 3001)
    wanted = theirs._relative_positions_bucket(distance)
    assert torch.equal(buckets(distance, count, furthest), wanted)
    assert int(wanted.max()) == count - 1
