"""The code of its authors gave these codes and this sound for these weights (make.py)."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import vocable
from vocable import weights
from vocable.codecs import Codec
from vocable.codecs.codes import Codes
from vocable.codecs.mimo_audio import MiMoAudio, mimo_audio_tokenizer
from vocable.errors import ModelError
from vocable.load import convert_checkpoint
from vocable.nn.settings import without_memory
from vocable.testing.codec_laws import check_streams_equal_whole
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

HERE = Path(__file__).parent
CHECKPOINT = HERE / "checkpoint"


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def answers():
    return weights.read(HERE / "answers.safetensors")


def in_segments(codec, rows):
    """Return the codec that encodes so many spectra together."""
    model = MiMoAudio(replace(codec.model.config, segment=rows))
    model.quantizer.drop_learning()
    model.load_state_dict(codec.model.state_dict())
    return Codec(model.eval())


def test_latents_codes_and_sound(answers):
    codec = vocable.load(CHECKPOINT)
    z = codec.model.encoder(codec.model._rows(answers["sound"]))
    check_rows_equal("latent", z, answers["latents"], atol=WHOLE_CODEC)
    codes = answers["codes"].long()
    assert torch.equal(codec.to_codes(answers["sound"]).stacked(), codes)
    decoded = codec.from_codes(Codes(codes.unbind(1)))
    check_rows_equal("sound", decoded, answers["decoded"], atol=WHOLE_CODEC, axis=2)
    assert codec.spec.space.startswith("mimo-audio@1:") and codec.spec.rate == 4000


def test_segments_are_encoded_one_by_one(answers):
    codec = in_segments(vocable.load(CHECKPOINT), 24)
    parts = answers["parts"].long()
    assert torch.equal(codec.to_codes(answers["sound"]).stacked(), parts)
    assert not torch.equal(parts, answers["codes"].long())


@pytest.mark.parametrize("samples", [1, 15, 16, 17, 95, 96, 97, 192, 205])
def test_every_length_has_a_token_for_each_frame_that_has_begun(samples, answers):
    """Also where a segment ends with the recording, or just before or behind it."""
    codec = in_segments(vocable.load(CHECKPOINT), 24)
    x = answers["sound"][0, :, :samples]
    tokens = codec.encode(x.numpy(), rate=4000)
    assert len(tokens) == -(-samples // 16)
    back = codec.decode(tokens)
    assert back.samples.shape == x.shape and np.isfinite(back.samples).all()


@pytest.mark.parametrize("samples", [1, 96, 97, 203])
def test_a_stream_gives_the_codes_of_the_whole(samples, answers):
    codec = in_segments(vocable.load(CHECKPOINT), 24)
    x = answers["sound"][..., :samples]
    check_streams_equal_whole(codec, x, [7, 50])


def test_the_published_sizes_are_those_of_the_paper():
    """The paper counts 1.2 billion weights."""
    with without_memory():
        model = MiMoAudio(mimo_audio_tokenizer())
    model.quantizer.drop_learning()
    count = sum(tensor.numel() for tensor in model.state_dict().values())
    assert 1.2e9 < count < 1.3e9
    assert model.spec.bitrate() == 3650 and model.spec.bitrate(8) == 1550


def copied(folder, **changes):
    """Return a copy of the checkpoint whose config says something else."""
    shutil.copytree(CHECKPOINT, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
    return folder


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hybrid_attention": True}, "says hybrid_attention True"),
        ({"encoder_causal": True}, "says encoder_causal True"),
        ({"encoder_attn_window_size": [64, 64]}, r"says encoder_attn_window_size \[64, 64\]"),
        ({"decoder_attn_window_size": [64, 0]}, "says decoder_attn_window_size"),
        ({"ln_type": "RMSNorm"}, "says ln_type RMSNorm"),
        ({"rope_type": "linear"}, "says rope_type linear"),
        ({"fmax": 8000}, "says fmax 8000"),
        ({"window_size": 16}, "says window_size 16"),
        ({"nfft": 16, "window_size": 16}, "decoder.blocks.7.bias"),
        ({"d_model": 9}, "says d_model 9"),
        ({"num_quantizers": 9}, "says num_quantizers 9"),
        ({"codebook_size": [32, 32, 16, 8]}, "says codebook_size"),
        ({"encoder_layers": 2}, "says encoder_layers 2"),
        ({"encoder_skip_layer_id": 9}, "skip is 9 but there are 3 layers"),
        ({"sampling_rate": 0}, "says sampling_rate 0; wanted whole Hz, from 1"),
        ({"hop_length": 4.5}, "says hop_length 4.5; wanted a whole number, from 1"),
        ({"encoder_attention_heads": 3}, "8 channels in 3 heads; each needs an even number"),
        ({"vocoder_attn_window_size": [-1, -1]}, "rows see -1 back and -1 ahead"),
        ({"vocoder_attn_window_size": None}, "does not describe a MiMo-Audio-Tokenizer"),
    ],
)
def test_a_config_of_another_model_is_refused(changes, words, tmp_path):
    with pytest.raises(ModelError, match=words):
        vocable.load(copied(tmp_path / "x", **changes))


def test_without_its_config_it_is_refused(tmp_path):
    folder = copied(tmp_path / "x")
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match="does not say its heads and.* put its config.json beside"):
        vocable.load(folder)


def test_an_encoder_alone_is_refused(tmp_path):
    folder = copied(tmp_path / "x")
    tensors = load_file(folder / "model.safetensors")
    encoder = {key: value for key, value in tensors.items() if key.startswith("encoder.")}
    save_file(encoder, folder / "model.safetensors")
    with pytest.raises(ModelError, match="MiMo-Audio-Tokenizer's encoder alone, so it does not"):
        vocable.load(folder)


def test_it_is_written_as_it_is_published(tmp_path):
    convert_checkpoint(CHECKPOINT, tmp_path / "ours")
    folder = convert_checkpoint(tmp_path / "ours", tmp_path / "theirs", to="mimo").folder
    before, after = (load_file(each / "model.safetensors") for each in (CHECKPOINT, folder))
    assert before.keys() == after.keys()
    learned = ("cluster_size", "embed_avg", "istft.window")
    for key, value in before.items():
        assert torch.equal(value.float(), after[key]) or key.endswith(learned), key
    config = json.loads((CHECKPOINT / "config.json").read_text())
    written = json.loads((folder / "config.json").read_text())
    unused = {"max_audio_seconds", "scale_embedding", "threshold_ema_dead_code"}
    assert written.keys() | unused == config.keys() | {"hybrid_attention"}
    assert all(written[key] == value for key, value in config.items() if key not in unused)
