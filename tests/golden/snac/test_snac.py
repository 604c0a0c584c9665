"""The package `snac` gave these codes and sounds for these weights; make.py wrote them.

Its weights are a folder as it publishes them, so loading is shown here too, without the package.
"""

import json
import shutil
from importlib import import_module
from pathlib import Path

import pytest
import torch

import vocable
from vocable import weights
from vocable.codecs.keys import FAMILIES
from vocable.codecs.keys import snac as layout
from vocable.codecs.keys.checkpoint import open_checkpoint
from vocable.errors import ModelError
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

HERE = Path(__file__).parent
MODEL = HERE / "checkpoint"
ANSWERS = weights.read(HERE / "answers.safetensors")
CODES = [ANSWERS[f"codes.{level}"] for level in range(3)]
FRAMES = 50  # of the sound, which has 300 samples


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))
        return vocable.load(MODEL)


@pytest.fixture
def noise(codec):
    """What the codec draws its noise from, put back afterwards."""
    noise = codec.model.noise
    before = noise.draw
    yield noise
    noise.draw = before


def test_latents_and_codes(codec):
    z = codec.model.encoder(codec.model._rows(ANSWERS["sound"]))
    check_rows_equal("latent", z, ANSWERS["latents"], atol=WHOLE_CODEC)
    for level, (got, wanted) in enumerate(zip(codec.model.quantizer.encode(z), CODES, strict=True)):
        assert torch.equal(got, wanted), f"level {level}"


def test_tokens_are_those_of_the_recording(codec):
    """The package codes the silence, too, up to a whole window of 32 frames."""
    codes = codec.to_codes(ANSWERS["sound"])
    assert [level.shape[1] for level in codes] == [-(-FRAMES // s) for s in (4, 2, 1)]
    assert all(torch.equal(a, b[:, : a.shape[1]]) for a, b in zip(codes, CODES, strict=True))


def test_sound_without_noise(codec, noise):
    noise.draw = None
    check_rows_equal("sound", codec.from_codes(CODES), ANSWERS["quiet"], atol=WHOLE_CODEC, axis=2)


def test_sound_with_the_same_noise(codec, noise):
    noise.draw = lambda block, position: ANSWERS[f"draws.{block}"].gather(1, position)
    check_rows_equal("sound", codec.from_codes(CODES), ANSWERS["noisy"], atol=WHOLE_CODEC, axis=2)


def edited(folder, file="pytorch_model.bin", **changes):
    """Return a checkpoint, a copy unless it is there, with another config."""
    if not (folder / file).exists():
        shutil.copy(MODEL / file, folder)
    config = json.loads((MODEL / "config.json").read_text()) | changes
    kept = {key: value for key, value in config.items() if value != "left out"}
    (folder / "config.json").write_text(json.dumps(kept))
    return open_checkpoint(folder / file)


def test_a_config_that_repeats_nothing_is_enough(codec, tmp_path):
    shown = ("encoder_dim", "encoder_rates", "decoder_dim", "codebook_dim", "noise", "depthwise")
    found = layout.recognise(edited(tmp_path, **dict.fromkeys(shown, "left out")))
    assert found == layout.recognise(open_checkpoint(MODEL))
    assert (found.name, found.architecture) == ("snac", "snac")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"encoder_rates": [3, 2]}, r"tensors of encoder_rates \[2, 3\] but .* says \[3, 2\]"),
        ({"noise": False}, "tensors of noise True but .* says False"),
        ({"attn_window_size": None}, 'has an attention but .* says "attn_window_size" null'),
        ({"sampling_rate": "left out"}, 'no published SNAC; .* beside it, with "sampling_rate"'),
        ({"vq_strides": "left out"}, 'with "vq_strides"'),
    ],
)
def test_a_config_of_another_model_is_refused(changes, says, tmp_path):
    with pytest.raises(ModelError, match=says):
        layout.recognise(edited(tmp_path, **changes))


def test_a_config_with_levels_of_another_number_is_refused(tmp_path, monkeypatch):
    edited(tmp_path, vq_strides=[2, 1])
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ModelError, match=r"strides are \(2, 1\); give each of 3 levels one"):
        vocable.load(tmp_path)


def test_no_other_family_takes_it_for_its_own():
    checkpoint = open_checkpoint(MODEL)
    modules = {family: import_module(module) for family, module in FAMILIES.items()}
    assert [name for name, its in modules.items() if its.recognise(checkpoint)] == ["SNAC"]


def test_another_family_is_not_taken_for_snac(tmp_path):
    """DAC has the same keys, and one more Snake, before its encoder's last convolution."""
    tensors = open_checkpoint(MODEL).tensors()
    weights.write(tmp_path / "model.safetensors", tensors)
    assert layout.recognise(edited(tmp_path, "model.safetensors")).name == "snac"
    snake = {"encoder.block.4.alpha": torch.ones(1, 64, 1)}
    weights.write(tmp_path / "model.safetensors", tensors | snake)
    assert layout.recognise(edited(tmp_path, "model.safetensors")) is None


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    tensors = open_checkpoint(MODEL).tensors()
    del tensors["decoder.model.3.block.3.block.0.alpha"]
    weights.write(tmp_path / "model.safetensors", tensors)
    edited(tmp_path, "model.safetensors")
    with pytest.raises(
        ModelError, match=r"lacks 1 key \(decoder.blocks.3.blocks.3.branch.blocks.0"
    ):
        vocable.load(tmp_path)
