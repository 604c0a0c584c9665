"""Their authors' code gave these latents, codes and sound for small weights of both FocalCodecs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import vocable
from tests.golden import drawn
from vocable import weights
from vocable.errors import ModelError
from vocable.load import save_model
from vocable.testing.codec_examples import small_codec
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal
from vocable.units.wavlm_chunks import wavlm_in_chunks

HERE = Path(__file__).parent
kinds = pytest.mark.parametrize("kind", ["whole", "stream"])


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


def written(folder, kind, change=lambda tensors: None, **config):
    """Write a checkpoint, with other weights or another config."""
    kept = json.loads((HERE / f"{kind}.json").read_text())
    tensors = drawn.tensors(kept["shapes"])
    change(tensors)
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    stated = {key: value for key, value in kept["config"].items()}
    for key, value in config.items():
        stated[key] = stated[key] | value if isinstance(value, dict) else value
    (folder / "config.json").write_text(json.dumps(stated))
    return folder


@kinds
def test_latents_codes_and_sound(kind, tmp_path):
    answers = weights.read(HERE / f"{kind}.safetensors")
    codec = vocable.load(written(tmp_path / "x", kind))
    z = F.normalize(codec.model.encoder(codec.model._rows(answers["sound"])), dim=-1)
    check_rows_equal("latent", z, answers["latents"], atol=WHOLE_CODEC)
    found = codec.to_codes(answers["sound"]).stacked()
    assert torch.equal(found, answers["codes"]) and len(found.unique()) > 2
    got = codec.from_codes(answers["codes"].unbind(1))
    check_rows_equal("sound", got, answers["decoded"], atol=WHOLE_CODEC, axis=2)


@kinds
def test_files_hold_what_is_needed(kind, tmp_path):
    """Saved in our own layout, tokens of one are tokens of the other."""
    codec = vocable.load(written(tmp_path / "x", kind))
    tokens = codec.encode(np.zeros((1, 700), np.float32), rate=16_000)
    tokens.save(tmp_path / "t.vcb")
    save_model(codec.model, tmp_path / "own")
    again = vocable.load(tmp_path / "own")
    sound = again.decode(vocable.read_tokens(tmp_path / "t.vcb"))
    assert sound.samples.shape == (1, 700) and sound.rate == 16_000
    np.testing.assert_array_equal(sound.samples, codec.decode(tokens).samples)


def test_whole_recordings_only():
    codec = small_codec("focalcodec")
    with pytest.raises(ModelError, match="takes whole recordings: its encoder looks over all"):
        codec.start_encoding(1)
    with pytest.raises(ModelError, match="decodes whole recordings: its decoder looks over all"):
        codec.start_decoding(1)


def test_a_stream_waits_for_the_end_of_a_chunk_and_for_no_more(tmp_path):
    codec = vocable.load(written(tmp_path / "x", "stream"))
    assert str(codec.latency) == "80.0 ms, first sound after 80.0 ms"
    state = codec.start_encoding(1)
    counts = []
    for _ in range(9):
        codes, state = codec.encode_step(torch.zeros(1, 1, 320), state)
        counts.append(codes[0].shape[1])
    assert counts == [0, 0, 0, 4, 0, 0, 0, 4, 0]
    assert codec.finish_encoding(state)[0].shape == (1, 1)


def test_what_is_not_the_large_wavlm_has_no_chunks():
    speech = small_codec("focalcodec").model.config.semantic
    base = type(speech)(**vars(speech) | {"pre_norm": False})
    with pytest.raises(ModelError, match="in chunks, WavLM has the form of the large one"):
        wavlm_in_chunks(base, window=8, chunk=4)
    with pytest.raises(ModelError, match="attention sees 3 rows; it takes a chunk of 4 to 16384"):
        wavlm_in_chunks(speech, window=3, chunk=4)


def without(*parts):
    def change(tensors):
        for key in [key for key in tensors if key.startswith(parts)]:
            del tensors[key]

    return change


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("whole", without("encoder.norm."), r"lacks 2 keys \(encoder.speech.norm"),
        ("whole", without("encoder.encoder.relative"), "make no FocalCodec"),
        ("whole", without("decompressor.layers.1."), "factors .2, 1. down and .1,. up"),
        ("whole", without("decoder.head."), "make no FocalCodec"),
        ("stream", without("decompressor.refiner.out"), r"lacks 2 keys \(decoder.blocks.1.down"),
        ("stream", without("decompressor.refiner."), "make no FocalCodec"),
        ("whole", lambda found: found.update({"more.weight": torch.ones(2)}), r"has 1 key \(more"),
        (
            "whole",
            lambda found: found.update(
                {"encoder.encoder.layers.0.attention.q_proj.bias": torch.ones(16)}
            ),
            r"lacks encoder.encoder.layers.0.attention.k_proj.bias; fetch it again",
        ),
    ],
)  # fmt: skip
def test_parts_that_lack_or_are_others_are_refused(kind, change, words, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(written(tmp_path / "x", kind, change))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("kind", "config", "words"),
    [
        ("whole", {"decoder_name": "WaveNeXt"}, "decoder_name WaveNeXt, .* must be Vocos"),
        ("stream", {"decoder_name": "Vocos"}, "decoder_name Vocos, .* must be WaveNeXt"),
        ("whole", {"quantizer_config": {"codebook_size": 64}}, "codebook_size 64, .* be 32"),
        ("whole", {"encoder_config": {"causal": True}}, "causal True, .* must be False"),
        ("stream", {"decoder_config": {"causal": False}}, "causal False, .* must be True"),
        ("stream", {"encoder_config": {"lookahead_size": 1}}, "lookahead_size 1, .* must be 3"),
        ("whole", {"compressor_config": {"use_post_norm": True}}, "use_post_norm True, .* False"),
    ],
)
def test_a_config_of_another_model_is_refused(kind, config, words, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(written(tmp_path / "x", kind, **config))
    assert "\n" not in str(refusal.value)


def test_weights_without_their_config_are_refused(tmp_path):
    folder = written(tmp_path / "x", "whole")
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match=r"without its config.json, which says how WavLM hears"):
        vocable.load(folder)
