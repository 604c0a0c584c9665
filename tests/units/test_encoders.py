"""What encoders of all families promise: batches, lengths, layers, long recordings, bad input."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from torch import nn

from vocable.audio import Audio
from vocable.errors import AudioError, ModelError
from vocable.testing.compare import WHOLE_CODEC
from vocable.units import EncoderModel, FeatureEncoder
from vocable.units.w2v_bert import W2vBert, W2vBertConfig
from vocable.units.wav2vec2 import Wav2Vec2, Wav2Vec2Config, base
from vocable.units.wavlm import WavLM, WavLMConfig

SIZES = dict(
    width=24, blocks=3, heads=4, hidden=40, filters=16, kernels=(10, 3, 2), strides=(5, 2, 2),
    position_kernel=16, position_groups=4,
)  # fmt: skip
PRE = dict(pre_norm=True, extractor="layer", normalize=True)
MAKERS = {
    "base": lambda: Wav2Vec2(Wav2Vec2Config(**SIZES)),
    "large": lambda: Wav2Vec2(Wav2Vec2Config(**SIZES, **PRE)),
    "wavlm": lambda: WavLM(WavLMConfig(**SIZES, buckets=32, furthest=40)),
    "w2v-bert": lambda: W2vBert(
        W2vBertConfig(width=24, blocks=3, heads=4, hidden=40, kernel=7, back=12, ahead=3)
    ),
    "wavlm large": lambda: WavLM(WavLMConfig(**SIZES, **PRE, buckets=32, furthest=40)),
}


@torch.no_grad()
def made(name: str) -> EncoderModel:
    """Return an encoder whose weights are random, biases and norms too."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = MAKERS[name]()
        for parameter in model.parameters():
            spread = 0.2 if parameter.dim() == 1 else max(1, parameter[0].numel()) ** -0.5
            offset = 1.0 if parameter.dim() == 1 and bool((parameter == 1).all()) else 0.0
            parameter.copy_(offset + spread * torch.randn(parameter.shape))
    return model.eval()


def first_part(model: EncoderModel) -> nn.Module:
    """Return what a gradient reaches last."""
    return next(model.children())


def sound(samples: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    loudness = 0.2 + 0.1 * np.sin(np.arange(samples) / 300)
    return (loudness * generator.standard_normal(samples) + 0.05).astype(np.float32)


def close(found, wanted, atol=WHOLE_CODEC):
    assert found.shape == wanted.shape
    np.testing.assert_allclose(
        found, wanted, rtol=0, atol=atol * max(1.0, np.abs(wanted).max(initial=0))
    )


each_family = pytest.mark.parametrize("name", MAKERS)


@each_family
def test_a_batch_gives_what_each_recording_alone_does(name):
    encoder = FeatureEncoder(made(name))
    clips = [sound(n, seed=n) for n in (1900, 700, 5, 1900, 4111)]
    clips[3] = 30 * sound(1900, seed=9) / 100  # a neighbour of another loudness
    together = encoder.features(clips, 16_000, layer=2)
    for clip, rows in zip(clips, together, strict=True):
        (alone,) = encoder.features(clip, 16_000, layer=2)
        close(rows, alone)
    backwards = encoder.features(clips[::-1], 16_000, layer=2)[::-1]
    for rows, again in zip(together, backwards, strict=True):
        close(again, rows)


@each_family
def test_gradients_and_use_agree(name):
    """The forms that only a model in use takes give what training computes."""
    model = made(name)
    x = torch.from_numpy(np.stack([sound(1500), sound(1500, seed=1)]))
    plain = model(x, 3)
    plain.square().mean().backward()
    assert all(p.grad is not None for p in first_part(model).parameters())
    used = FeatureEncoder(model).features(list(x.numpy()), 16_000, layer=3)
    for rows, wanted in zip(used, plain.detach().numpy(), strict=True):
        close(rows, wanted)


@each_family
def test_blocks_beyond_the_layer_do_not_run(name):
    model = made(name)
    wanted = FeatureEncoder(model).features(sound(1500), 16_000, layer=1)[0]
    blocks = model.get_submodule("blocks" if "w2v" in name else "transformer.blocks")

    class Refusing(nn.Module):
        def forward(self, *_):
            raise AssertionError("ran")

    blocks[1] = Refusing()
    np.testing.assert_array_equal(
        FeatureEncoder(model).features(sound(1500), 16_000, layer=1)[0], wanted
    )
    with pytest.raises(AssertionError, match="ran"):
        FeatureEncoder(model).features(sound(1500), 16_000, layer=2)


def test_frames_follow_from_samples():
    """Values of the published extractor."""
    with torch.device("meta"):
        model = Wav2Vec2(base())
    pairs = {399: 0, 400: 1, 719: 1, 720: 2, 16_000: 49, 16_080: 50, 48_000: 149, 160_000: 499}
    assert {n: model.frames(n) for n in pairs} == pairs
    assert (model.hop, model.window, model.layers) == (320, 400, 12)
    assert sum(p.numel() for p in model.parameters()) == 94_371_712 - 768 - 128  # no mask, no gain


def test_a_layer_that_is_not_there_is_refused_with_the_range():
    encoder = FeatureEncoder(made("base"))
    for layer in (-1, 4, True):
        with pytest.raises(ModelError, match=r"layers 1 to 3, the outputs of its blocks, and 0"):
            encoder.features(sound(900), 16_000, layer=layer)
    with pytest.raises(ModelError, match="final_norm: there is none in wav2vec2"):
        encoder.features(sound(900), 16_000, layer=3, final_norm=True)
    with pytest.raises(ModelError, match="belongs to layer 3 only"):
        FeatureEncoder(made("large")).features(sound(900), 16_000, layer=2, final_norm=True)


@each_family
def test_less_than_a_frame_gives_no_frames(name):
    encoder = FeatureEncoder(made(name))
    few = encoder.window - 1
    none, one = encoder.features([sound(few), sound(few + 1)], 16_000, layer=1)
    assert none.shape == (0, 24) and one.shape == (1, 24) and none.dtype == np.float32
    assert encoder.features([], layer=1) == []


@each_family
def test_silence_gives_finite_frames_that_are_alike(name):
    encoder = FeatureEncoder(made(name))
    (rows,) = encoder.features(np.zeros(100 * encoder.frame, np.float32), 16_000, layer=0)
    assert np.isfinite(rows).all()
    close(rows[30:60], np.broadcast_to(rows[40], (30, 24)))  # away from where positions see edges


def test_a_constant_is_silence_to_a_norm_over_time():
    encoder = FeatureEncoder(made("base"))
    silence, constant = encoder.features(
        [np.zeros(2000, np.float32), np.full(2000, 0.7, np.float32)], 16_000, layer=2
    )
    close(constant, silence)


@pytest.mark.parametrize("name", ["base", "large"])
def test_loudness_hardly_matters(name):
    encoder = FeatureEncoder(made(name))
    (loud,), (quiet,) = (
        encoder.features(gain * sound(3000), 16_000, layer=3) for gain in (1.0, 0.25)
    )
    close(quiet, loud, atol=0.02)


@each_family
@pytest.mark.parametrize("frames", [39, 200, 800])
def test_windows_are_exact_up_to_where_frames_see_one_another(name, frames):
    """Layer 0 sees 8 frames on either side; the front sees sums over all."""
    encoder = FeatureEncoder(made(name))
    each = encoder.frame / 16_000
    x = sound(frames * encoder.frame + 21)
    (whole,) = encoder.features(x, 16_000, layer=0)
    (cut,) = encoder.features(x, 16_000, layer=0, window=40 * each, context=9.6 * each)
    close(cut, whole)


@each_family
def test_windows_with_much_context_come_near_the_whole(name):
    encoder = FeatureEncoder(made(name))
    x = sound(8000)
    (whole,) = encoder.features(x, 16_000, layer=2)
    errors = []
    for context in (0.01, 0.08):
        (cut,) = encoder.features(x, 16_000, layer=2, window=2 * context + 0.1, context=context)
        errors.append(np.square(cut - whole).mean() / whole.var())
    assert errors[1] < errors[0] < 0.5


@each_family
def test_memory_is_that_of_a_window(name, monkeypatch):
    model = made(name)
    seen = []
    body = type(model).body

    def counted(self, rows, lengths, *rest):
        seen.append(sum(lengths))
        return body(self, rows, lengths, *rest)

    monkeypatch.setattr(type(model), "body", counted)
    clips = [sound(30_000), *[sound(2000)] * 9]
    found = FeatureEncoder(model).features(clips, 16_000, layer=1, window=0.3, context=0.05)
    assert max(seen) <= 240 and len(found[0]) == model.frames(30_000)


def test_windows_that_keep_nothing_are_refused():
    encoder = FeatureEncoder(made("base"))
    with pytest.raises(ModelError, match="leaves nothing; give more than twice the context"):
        encoder.features(sound(900), 16_000, layer=1, window=2.0, context=1.0)


def test_telephone_audio_is_resampled():
    encoder = FeatureEncoder(made("base"))
    narrow = Audio(sound(4000), 8000)
    (rows,) = encoder.features(narrow, layer=1)
    (wide,) = encoder.features(narrow.resample(16_000), layer=1)
    np.testing.assert_array_equal(rows, wide)
    assert len(rows) == encoder.model.frames(8000)


def test_recordings_that_cannot_be_used():
    encoder = FeatureEncoder(made("base"))
    with pytest.raises(AudioError, match="recording has 2 channels.*mix=True"):
        encoder.features(np.stack([sound(900), sound(900)]), 16_000, layer=1)
    (mixed,) = encoder.features(np.stack([sound(900)] * 2), 16_000, layer=1, mix=True)
    close(mixed, encoder.features(sound(900), 16_000, layer=1)[0])
    with pytest.raises(AudioError, match="need their rate"):
        encoder.features(sound(900), layer=1)
    bad = sound(900)
    bad[17] = np.nan
    with pytest.raises(AudioError, match="nan"):
        encoder.features([sound(900), bad], 16_000, layer=1)
    with pytest.raises(AudioError, match="0 samples"):
        encoder.features(np.zeros(0, np.float32), 16_000, layer=1)
    assert len(encoder.features([0.0, 0.1] * 400, 16_000, layer=1)) == 1, "a list of samples"


def test_values_beyond_the_usual_are_warned_of(caplog):
    model = made("large")
    with torch.no_grad():
        model.get_submodule("transformer.blocks.2.down").get_parameter("bias")[3] = 3e6
    with caplog.at_level(logging.WARNING, "vocable"):
        FeatureEncoder(model).features(sound(900), 16_000, layer=2)
        assert not caplog.records
        FeatureEncoder(model).features(sound(900), 16_000, layer=3)
    assert "features of layer 3 of wav2vec2 reach 3e+06" in caplog.text
    with torch.no_grad():
        model.get_submodule("transformer.blocks.1.down").get_parameter("bias")[3] = torch.inf
    with pytest.raises(ModelError, match="layer 2 of wav2vec2 are not finite"):
        FeatureEncoder(model).features(sound(900), 16_000, layer=2)


def test_the_space_follows_the_weights():
    model = made("base")
    encoder = FeatureEncoder(model)
    before = encoder.space
    assert before.startswith("wav2vec2@1:") and before in repr(encoder)
    assert FeatureEncoder(made("base")).space == before
    (rows,) = encoder.features(sound(900), 16_000, layer=1)
    with torch.no_grad():
        model.get_submodule("project").get_parameter("bias").add_(1)
    assert encoder.space != before
    assert np.abs(encoder.features(sound(900), 16_000, layer=1)[0] - rows).max() > 1e-3
    other = FeatureEncoder(Wav2Vec2(Wav2Vec2Config(**SIZES, normalize=True)))
    other.model.load_state_dict(made("base").state_dict())
    assert other.space != before, "input normalisation is part of what features mean"
