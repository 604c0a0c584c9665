"""Unit vocoders against transformers: sound and durations, from every layout of their files."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file

import vocable
from tests.parity.encoders import random_weights
from tests.parity.peers import peer
from vocable.errors import ModelError
from vocable.load import load_vocoder
from vocable.tokens import AudioTokens, Level, TokenSpec

peer("transformers")
from transformers import (  # noqa: E402
    SeamlessM4TCodeHifiGan,
    SeamlessM4TConfig,
    SeamlessM4Tv2Config,
)
from transformers.models.seamless_m4t_v2.modeling_seamless_m4t_v2 import (  # noqa: E402
    SeamlessM4Tv2CodeHifiGan,
)

UNITS, SPEAKERS, LANGUAGES = 12, 3, 2
TOY = dict(
    unit_hifi_gan_vocab_size=UNITS, unit_embed_dim=8, lang_embed_dim=4, spkr_embed_dim=6,
    vocoder_num_langs=LANGUAGES, vocoder_num_spkrs=SPEAKERS, upsample_initial_channel=32,
    upsample_rates=[5, 4, 4, 2, 2], upsample_kernel_sizes=[11, 8, 8, 4, 4], t2u_pad_token_id=1,
)  # fmt: skip
SPEC = TokenSpec(
    "toy@1:0123456789abcdef", 16_000, 320, 1, (Level(UNITS, role="semantic"),), (1,), window=400
)
IDS = [4, 2, 7, 2, 9, 0, 11, 3, 5]
VERSIONS = {
    "v1": (SeamlessM4TCodeHifiGan, SeamlessM4TConfig, "spkr_id"),
    "v2": (SeamlessM4Tv2CodeHifiGan, SeamlessM4Tv2Config, "speaker_id"),
}


def reference(version, **changes):
    made, config, _ = VERSIONS[version]
    with torch.random.fork_rng(devices=[]):
        net = random_weights(made(config(**TOY | changes)))
    with torch.no_grad():
        net.dur_predictor.proj.bias.fill_(1.0)  # durations of several frames
    return net


def theirs(net, version, speaker=2, language=1):
    with torch.no_grad():
        ids = torch.tensor([IDS])
        logs = net.dur_predictor(net.unit_embedding(ids))
        durations = torch.round(torch.expm1(logs)).long().clamp(min=1)[0]
        given = {VERSIONS[version][2]: torch.tensor([[speaker]])}
        sound, lengths = net(ids, lang_id=torch.tensor([[language]]), **given)
    assert len(sound[0]) == int(durations.sum()) * 320
    return sound[0], durations


def compare(vocoder, net, version, atol=1e-5):
    sound, durations = theirs(net, version)
    tokens = AudioTokens(SPEC, [[IDS]])
    bound = vocoder.bound(SPEC)
    assert len(set(durations.tolist())) > 1
    assert bound.timed(tokens).durations.tolist() == durations.tolist()
    found = bound.decode(tokens, speaker=2, language=1, predict=True)
    assert found.samples.shape == (1, len(sound)) and found.rate == 16_000
    assert (torch.tensor(found.samples[0]) - sound).abs().max() < atol
    true = AudioTokens(SPEC, [[IDS]], durations=durations.tolist())
    again = bound.decode(true, speaker=2, language=1)
    assert (torch.tensor(again.samples[0]) - sound).abs().max() < atol


def write(net, folder, prefix="", more=None):
    folder.mkdir(parents=True)
    tensors = {prefix + key: value.contiguous() for key, value in net.state_dict().items()}
    save_file(tensors | (more or {}), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(net.config.to_dict(), default=str))
    return folder


@pytest.mark.parametrize("version", VERSIONS)
def test_a_vocoder_alone(version, tmp_path):
    net = reference(version)
    vocoder = load_vocoder(write(net, tmp_path / "a"))
    compare(vocoder, net, version)
    assert vocoder.name == "unit-hifigan-12" and vocoder.units is None


def test_a_predictor_of_another_kernel(tmp_path):
    """The first version pads its second convolution by 1 whatever the kernel: only 3 runs there."""
    net = reference("v2", variance_predictor_kernel_size=5)
    compare(load_vocoder(write(net, tmp_path / "a")), net, "v2")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_vocoder_in_a_whole_model(version, tmp_path):
    net = reference(version)
    others = {"shared.weight": torch.zeros(3, 2), "t2u_model.lm_head.weight": torch.zeros(3, 2),
              "speech_encoder.encoder.layers.0.ffn1.output_dense.bias": torch.zeros(3)}  # fmt: skip
    vocoder = vocable.load(write(net, tmp_path / "a", "vocoder.", others))
    compare(vocoder, net, version)
    stranger = write(net, tmp_path / "b", "vocoder.", {"other_model.weight": torch.zeros(2)})
    with pytest.raises(ModelError, match="other_model.weight"):
        load_vocoder(stranger)


def test_weights_that_are_normed(tmp_path):
    net = reference("v1")
    net.apply_weight_norm()
    compare(load_vocoder(write(random_weights(net), tmp_path / "a")), net, "v1")


# ---- fairseq's layout, by its own names ----------------------------------------------------------

NAMES = (
    ("unit_embedding.", "dict."), ("speaker_embedding.", "spkr."), ("hifi_gan.upsampler.", "ups."),
    ("hifi_gan.", ""), ("dur_predictor.conv1.", "dur_predictor.conv1.0."),
    ("dur_predictor.conv2.", "dur_predictor.conv2.0."),
    (".parametrizations.weight.original0", ".weight_g"),
    (".parametrizations.weight.original1", ".weight_v"),
)  # fmt: skip
STATED = {
    "resblock": "1", "upsample_rates": [5, 4, 4, 2, 2], "upsample_kernel_sizes": [11, 8, 8, 4, 4],
    "upsample_initial_channel": 32, "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]], "num_embeddings": UNITS,
    "embedding_dim": 8, "model_in_dim": 14, "sampling_rate": 16_000, "code_hop_size": 320,
    "multispkr": "from_id", "dur_prediction_weight": 1.0,
    "dur_predictor_params": {"encoder_embed_dim": 8, "var_pred_hidden_dim": 8,
                             "var_pred_kernel_size": 3, "var_pred_dropout": 0.5},
}  # fmt: skip


def in_fairseq(net):
    """Return a model without languages by fairseq's keys; its rows begin with the unit there."""
    net.apply_weight_norm()
    random_weights(net)
    width = TOY["lang_embed_dim"]
    with torch.no_grad():  # what is told of languages is then nothing
        net.language_embedding.weight.zero_()
        first = net.hifi_gan.conv_pre.parametrizations.weight
        first.original1[:, :width] = 0
    found = {}
    for key, value in net.state_dict().items():
        if key.startswith("language_embedding"):
            continue
        for theirs_, instead in NAMES:
            key = key.replace(theirs_, instead)
        found[key] = value.clone()
    found["conv_pre.weight_v"] = found["conv_pre.weight_v"][:, width:].clone()
    return found


@pytest.mark.parametrize("stated", [True, False])
def test_fairseq(stated, tmp_path):
    net = reference("v1")
    torch.save({"generator": in_fairseq(net)}, tmp_path / "g_00500000")
    if stated:
        (tmp_path / "config.json").write_text(json.dumps(STATED))
    vocoder = load_vocoder(tmp_path / "g_00500000").bound(SPEC)
    assert vocoder.network.config.durations.rule == "exp"
    sound, durations = theirs(net, "v1")
    tokens = AudioTokens(SPEC, [[IDS]])
    assert vocoder.timed(tokens).durations.tolist() == durations.tolist()
    found = vocoder.decode(tokens, speaker=2, predict=True)
    assert (torch.tensor(found.samples[0]) - sound).abs().max() < 1e-5


def test_speech_resynthesis(tmp_path):
    """Bins of pitch and speakers, no durations; the quantizer of pitch is left out."""
    net = reference("v1")
    tensors = {k: v for k, v in in_fairseq(net).items() if not k.startswith("dur_predictor")}
    tensors["f0_dict.weight"] = torch.randn(5, 6)
    tensors["quantizer.vq.level_blocks.0.k"] = torch.zeros(5, 6)
    units, speaker = tensors["conv_pre.weight_v"].split([8, 6], 1)
    tensors["conv_pre.weight_v"] = torch.cat([units, torch.zeros_like(speaker), speaker], 1)
    torch.save({"generator": tensors}, tmp_path / "g")
    vocoder = vocable.load(tmp_path / "g").bound(SPEC)
    assert vocoder.network.config.pitch_bins == 5
    sound, durations = theirs(net, "v1")
    tokens = AudioTokens(SPEC, [[IDS]], durations=durations.tolist())
    found = vocoder.decode(tokens, speaker=2, pitch=[1] * tokens.frames)
    assert (torch.tensor(found.samples[0]) - sound).abs().max() < 1e-5


def test_vectors_of_speakers(tmp_path):
    net = reference("v1")
    tensors = in_fairseq(net)
    rows, matrix = tensors["spkr.weight"], torch.eye(6)
    tensors |= {"spkr.weight": matrix, "spkr.bias": torch.zeros(6)}
    torch.save({"generator": tensors}, tmp_path / "g")
    vocoder = load_vocoder(tmp_path / "g").bound(SPEC)
    sound, durations = theirs(net, "v1")
    tokens = AudioTokens(SPEC, [[IDS]], durations=durations.tolist())
    found = vocoder.decode(tokens, speaker=rows[2])
    assert (torch.tensor(found.samples[0]) - sound).abs().max() < 1e-5


@pytest.mark.parametrize(
    "change, what",
    [
        (lambda t: t.pop("ups.2.bias"), r"lacks 1 key \(generator.blocks.3.blocks.1.bias\)"),
        (lambda t: t.update(stranger=torch.zeros(2)), "stranger"),
        (lambda t: t.pop("conv_post.weight_g"), "other half"),
        (lambda t: t["dict.weight"].fill_(float("nan")), "not finite"),
        (lambda t: t.pop("spkr.weight"), "6 more than its tables"),
    ],
)
def test_files_that_lack_something(change, what, tmp_path):
    tensors = in_fairseq(reference("v1"))
    change(tensors)
    torch.save({"generator": tensors}, tmp_path / "g")
    with pytest.raises(ModelError, match=what):
        load_vocoder(tmp_path / "g")


def test_a_config_of_another_model(tmp_path):
    torch.save({"generator": in_fairseq(reference("v1"))}, tmp_path / "g")
    (tmp_path / "config.json").write_text(json.dumps(STATED | {"num_embeddings": 100}))
    with pytest.raises(ModelError, match="num_embeddings 100"):
        load_vocoder(tmp_path / "g")


def test_stages_that_nobody_knows(tmp_path):
    net = reference("v1", upsample_rates=[4, 4, 4, 5, 1], upsample_kernel_sizes=[8, 8, 8, 11, 3])
    torch.save({"generator": in_fairseq(net)}, tmp_path / "g")
    with pytest.raises(ModelError, match="do not say their rates"):
        load_vocoder(tmp_path / "g")
