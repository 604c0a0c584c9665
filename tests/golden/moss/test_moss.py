"""The code of its authors gave these codes and this sound for these weights (make.py)."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import vocable
from vocable import weights
from vocable.codecs.codes import Codes
from vocable.codecs.keys import moss as keys
from vocable.codecs.keys.checkpoint import open_checkpoint
from vocable.codecs.moss import PUBLISHED, Moss
from vocable.errors import ModelError
from vocable.nn.settings import without_memory
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

HERE = Path(__file__).parent
FORMS = ("first", "later")
both = pytest.mark.parametrize("form", FORMS)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


@both
def test_latents_codes_and_sound(form):
    codec, answers = vocable.load(HERE / form), weights.read(HERE / f"{form}.safetensors")
    z = codec.model.encoder(codec.model._rows(answers["sound"]))
    check_rows_equal("latent", z, answers["latents"], atol=WHOLE_CODEC)
    codes = answers["codes"].long()
    assert torch.equal(codec.to_codes(answers["sound"]).stacked(), codes)
    decoded = codec.from_codes(Codes(codes.unbind(1)))
    check_rows_equal("sound", decoded, answers["decoded"], atol=WHOLE_CODEC, axis=2)
    assert codec.spec.space.startswith("moss@1:") and codec.spec.rate == 3000


@both
def test_a_frame_that_has_begun_is_filled_with_silence_and_comes_back(form):
    """Its authors' code leaves it out."""
    codec, answers = vocable.load(HERE / form), weights.read(HERE / f"{form}.safetensors")
    x = answers["sound"][..., : 17 * codec.frame + 5]
    codes = codec.to_codes(x).stacked()
    filled = torch.nn.functional.pad(x, (0, codec.frame - 5))
    assert torch.equal(codes, codec.to_codes(filled).stacked())
    assert torch.equal(codes[..., :17], answers["codes"][..., :17].long())
    back = codec.decode(codec.encode(x[0].numpy(), rate=3000))
    assert back.samples.shape == x.shape[1:] and np.isfinite(back.samples).all()


# as public converters of the files state them
PARAMETERS = {
    "moss_audio_tokenizer": 1_774_566_400,
    "moss_audio_tokenizer_v2": 2_123_701_248,
    "moss_audio_tokenizer_nano": 21_969_664,
}


LARGE = [pytest.param(make, marks=pytest.mark.slow) for make in PUBLISHED[:2]]


@pytest.mark.parametrize("make", [*LARGE, PUBLISHED[2]], ids=lambda make: make.__name__)
def test_the_published_sizes_have_the_published_number_of_weights(make):
    config = make()
    with without_memory():
        model = Moss(config)
    model.quantizer.drop_learning()
    own = sum(tensor.numel() for tensor in model.state_dict().values())
    maps = config.code + config.latent + len(config.sizes) * (config.code + config.code_width)
    assert own + maps == PARAMETERS[make.__name__]  # weight norm has a gain a row


def copied(folder, form="later", part=None, **changes):
    """Return a copy of a checkpoint whose config says something else, of a part of it."""
    shutil.copytree(HERE / form, folder)
    config = json.loads((folder / "config.json").read_text())
    at = config
    for key in part or ():
        at = at[key]
    at.update(changes)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


STAGE = ("encoder_kwargs", 1)


@pytest.mark.parametrize(
    ("part", "changes", "words"),
    [
        (None, {"sample_rate": 4000}, "says sample_rate 4000"),
        (None, {"number_channels": 1}, "says number_channels 1, which for these weights must be 2"),
        (None, {"enable_channel_interleave": False}, "says enable_channel_interleave False"),
        (None, {"downsample_rate": 0}, "does not describe a MOSS-Audio-Tokenizer"),
        (None, {"encoder_kwargs": []}, "says number_channels"),
        (None, {"decoder_kwargs": None}, "does not describe a MOSS-Audio-Tokenizer"),
        (("quantizer_kwargs",), {"quantizer_type": "rvq"}, "says quantizer_type rvq; of these"),
        (("quantizer_kwargs",), {"num_quantizers": 9}, "says num_quantizers 9"),
        (STAGE, {"causal": False}, "says causal False"),
        (STAGE, {"gating": "silu"}, "says gating silu"),
        (STAGE, {"positional_embedding": "sin"}, "says positional_embedding sin"),
        (STAGE, {"num_heads": 3}, "which its place in a model cannot have"),
        (STAGE, {"num_layers": 10**9}, "layers is 1000000000, but there are"),
        (STAGE, {"num_layers": 2}, "lacks .* it needs"),
        (STAGE, {"context_duration": 10**6}, "attention sees at most 16384"),
        (("encoder_kwargs", 2), {"module_type": "Transformer"}, "number_channels|take turns"),
        (("decoder_kwargs", 0), {"patch_size": 5}, "12 channels is not 5 rows"),
        (("decoder_kwargs", 4), {"patch_size": 3}, "decoder ends with 2 channels"),
    ],
)
def test_a_config_of_another_model_is_refused(part, changes, words, tmp_path):
    with pytest.raises(ModelError, match=words):
        vocable.load(copied(tmp_path / "x", "later", part, **changes))


def test_stages_that_the_weights_have_not_are_refused(tmp_path):
    config = json.loads((HERE / "later" / "config.json").read_text())
    decoder = config["decoder_kwargs"]
    with pytest.raises(ModelError, match="says 3 stages of the decoder where the weights have 2"):
        vocable.load(copied(tmp_path / "x", decoder_kwargs=decoder + decoder[-2:]))


def test_without_its_config_it_is_refused(tmp_path):
    folder = copied(tmp_path / "x")
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match="does not say its patches, heads.* put its config.json"):
        vocable.load(folder)


@both
def test_every_key_is_used(form):
    checkpoint = open_checkpoint(HERE / form)
    read = keys.read(checkpoint, keys.recognise(checkpoint))
    gains = [key for key in checkpoint.shapes if key.endswith("original0")]
    assert len(read) == len(checkpoint.shapes) - len(gains)
