"""Law 6: tokens know the weights that gave them meaning; others are refused by name."""

import copy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import torch

import vocable
from tests.codecs import tiny
from vocable.audio import Audio
from vocable.codecs import Codec, CodecModel, identity
from vocable.codecs.identity import keeps_space, stored_digest, without_learning
from vocable.errors import ModelError, TokenError
from vocable.testing.codec_examples import codecs
from vocable.tokens import AudioTokens

CODECS = codecs()
SOUND = Audio(tiny.sound(1000), 8000)


def test_other_weights_are_refused_naming_both():
    one, other = tiny.soundstream(0), tiny.soundstream(1)
    tokens = one.encode(SOUND)
    with pytest.raises(TokenError) as refusal:
        other.decode(tokens)
    assert one.spec.space in str(refusal.value)
    assert other.spec.space in str(refusal.value)


def test_trusting_another_space_warns_and_decodes():
    one, other = tiny.soundstream(0), tiny.soundstream(1)
    with pytest.warns(UserWarning, match="trust_space"):
        audio = other.decode(one.encode(SOUND), trust_space=True)
    assert len(audio) == len(SOUND)


def test_another_codec_is_refused_even_when_trusted():
    tokens = tiny.soundstream().encode(SOUND)
    with pytest.raises(TokenError, match="tokens come from soundstream"):
        tiny.speech().decode(tokens)
    with pytest.raises(TokenError, match="4 levels of 16, 16 samples"):
        tiny.speech().decode(tokens, trust_space=True)


def test_codes_that_no_codebook_has_are_refused():
    codec = tiny.soundstream()
    wide = codec.encode(SOUND)
    with pytest.raises(TokenError):
        codec.decode(AudioTokens(wide.spec, tuple(stack + 16 for stack in wide.stacks)))


def test_the_space_follows_encoder_and_quantizer_and_nothing_else():
    codec = tiny.soundstream()
    space = codec.spec.space
    assert space.startswith("soundstream@0:untrained-")
    changed = copy.deepcopy(codec)
    changed.model.state_dict()["decoder.blocks.0.weight"].add_(1)
    assert changed.spec.space == space
    for name in ("encoder.blocks.0.weight", "quantizer.stack.0.codebook.entries"):
        changed = copy.deepcopy(codec)
        changed.model.state_dict()[name].add_(1)
        assert changed.spec.space != space


def _seeing(rows: int) -> tuple[Any, ...]:
    """Return the stages of an encoder whose attention sees so many rows."""
    stages = CODECS["moss"].model.config.encoder
    return tuple(replace(stage, context=rows) for stage in stages)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("mimi", {"context": 3}),
        ("mimi", {"fill": True}),
        ("mimi", {"base": 3.0}),
        ("qwen3-tts", {"context": 3}),
        ("moss", {"encoder": _seeing(2)}),
        ("mimo-audio", {"segment": 12}),
        ("mimo-audio", {"skip": 2}),
        ("encodec", {"edge": "zeros"}),
        ("soundstream", {"dilations": (1, 2)}),
        ("snac-windows", {"window": 12}),
    ],
)
def test_what_changes_codes_without_a_weight_changes_the_space(name, change):
    one = CODECS[name].model
    other = with_encoder_of(one, replace(one.config, **change))
    x = torch.tensor(tiny.sound(997))[None]  # ends inside a frame
    x = x.expand(1, one.spec.channels, -1)
    codes, changed = (torch.cat(model.to_codes(x), 1) for model in (one, other))
    assert codes.shape == changed.shape and not torch.equal(codes, changed)
    assert stored_digest(one) != stored_digest(other)


BESIDE_CODES = {
    **{"decoder_last_kernel": 5, "decoder_channels": 32, "decoder_blocks": 2, "synthesis": 640},
    **{"dropout": 0.25, "scale": 0.9, "noise": False, "upsamples": (4,)},
    **{"decoder_latent": 12, "decoder_width": 6, "decoder_filters": 16, "decoder_hidden": 12},
    **{"decoder_layers": 2, "decoder_heads": 1, "decoder_head": 4, "decoder_context": 7},
    **{"decoder_base": 5.0},
}


@pytest.mark.parametrize(
    ("name", "field"),
    [
        (name, field)
        for name in ("dac", "encodec", "mimi", "qwen3-tts", "snac", "soundstream", "speech")
        for field in sorted(CODECS[name].model.not_in_codes)
    ],
)
def test_what_changes_no_code_keeps_the_space(name, field):
    one = CODECS[name].model
    longer = field == "decoder_strides"
    value = (*reversed(one.config.strides), 2) if longer else BESIDE_CODES[field]
    assert getattr(one.config, field) != value
    other = with_encoder_of(one, replace(one.config, **{field: value}))
    x = torch.tensor(tiny.sound(3000))[None]
    rows = one._rows(x)
    assert torch.equal(one.encoder(rows), other.encoder(rows))
    assert all(map(torch.equal, one.to_codes(x), other.to_codes(x)))
    assert stored_digest(one) == stored_digest(other)


def with_encoder_of(model: CodecModel, config: Any) -> CodecModel:
    """Return a model of another config that has the encoder and quantizer of this one."""
    other = type(model)(config).eval()
    other.quantizer.drop_learning()
    other.encoder.load_state_dict(model.encoder.state_dict())
    other.quantizer.load_state_dict(without_learning(model.quantizer).state_dict())
    return other


def test_the_model_that_ships_is_what_its_space_says():
    assert keeps_space(vocable.load("speech-16k").model)


def carried() -> Codec:
    """Return a codec whose weights have the space that they carry, as after loading."""
    model = tiny.soundstream().model
    model.space = f"voice@3:{stored_digest(model)}"
    return Codec(model)


def test_a_carried_space_lasts_until_it_is_forgotten():
    codec = carried()
    space = codec.spec.space
    assert codec.name == "voice" and space.startswith("voice@3:")
    codec.model.half().float()  # a copy at another place
    assert codec.spec.space != space, "half precision is not what this model is stored in"
    codec = carried()
    codec.model.forget_space()
    assert codec.spec.space == space.replace("@3:", "@0:untrained-")


@pytest.mark.parametrize("change", ["in place", "by an optimizer", "by loading"])
def test_weights_that_change_in_place_are_not_called_by_the_old_name(change):
    codec, other = carried(), tiny.soundstream(1)
    tokens, weight = codec.encode(SOUND), codec.model.encoder.blocks[0].weight
    if change == "in place":
        with torch.no_grad():
            weight[0, 0, 0] += 1e-3
    elif change == "by an optimizer":
        weight.requires_grad_(True).grad = torch.ones_like(weight)
        torch.optim.SGD([weight], lr=1e-3).step()
    else:
        codec.model.load_state_dict(other.model.state_dict())
    assert codec.spec.space.startswith("voice@0:untrained-")
    with pytest.raises(TokenError, match="tokens come from voice@3:"):
        codec.decode(tokens)


def test_parts_that_are_put_in_the_place_of_others_make_the_codes_and_the_space():
    one, other = tiny.soundstream(0), tiny.soundstream(1)
    one.encode(SOUND)
    one.model.encoder, one.model.quantizer = other.model.encoder, other.model.quantizer
    assert one.encode(SOUND) == other.encode(SOUND)
    one.model.quantizer = tiny.speech().model.quantizer
    with pytest.raises(ModelError, match="the spec says level sizes .* make them one"):
        one.encode(SOUND)


def test_an_untrained_model_is_hashed_once(monkeypatch):
    counted = []
    codec = tiny.soundstream()
    monkeypatch.setattr(identity, "stored_digest", lambda m: counted.append(m) or "0" * 16)
    for _ in range(3):
        codec.decode(codec.encode(SOUND))
    assert len(counted) <= 2, "once to compare, once to name"


def test_training_a_model_does_not_reach_into_its_codec():
    """A model in training mode encodes and decodes as in evaluation, and stays in training mode."""
    codec = tiny.speech()
    sound = Audio(tiny.sound(4000), 16_000)
    tokens = codec.encode(sound)
    audio = codec.decode(tokens)
    codec.model.train()
    codec.model.encoder.eval()
    state = torch.get_rng_state()
    assert codec.encode(sound) == tokens and codec.decode(tokens) == audio
    assert torch.equal(torch.get_rng_state(), state), "nothing is drawn from torch's generator"
    assert codec.model.training and codec.model.decoder.training
    assert not codec.model.encoder.training


def test_threads_share_a_codec_whose_model_is_in_training_mode():
    codec = tiny.speech()
    sounds = [Audio(tiny.sound(1600 + 320 * n), 16_000) for n in range(8)]
    wanted = [codec.encode(sound) for sound in sounds]
    codec.model.train()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            assert list(pool.map(codec.encode, sounds)) == wanted
    assert all(module.training for module in codec.model.modules())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_make_no_codec(dtype):
    model = tiny.soundstream().model.to(dtype)
    with pytest.raises(
        ModelError, match=f"is {dtype} but a codec keeps its weights in torch.float32"
    ):
        Codec(model)


@pytest.mark.parametrize("part", ["encoder", "quantizer", "decoder"])
def test_a_model_that_is_cast_later_is_refused_in_one_line(part):
    codec = tiny.speech()
    sound = Audio(tiny.sound(4000), 16_000)
    tokens = codec.encode(sound)
    codec.model.get_submodule(part).half()
    call = (lambda: codec.decode(tokens)) if part == "decoder" else (lambda: codec.encode(sound))
    with pytest.raises(
        ModelError, match=rf"^{part}.* is torch.float16 but a codec keeps .*dtype=…"
    ):
        call()
    codec.model.float()
    assert len(codec.decode(codec.encode(sound))) == 4000
