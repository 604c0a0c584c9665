"""Law 6: tokens know the weights that gave them meaning; others are refused by name."""

import copy

import pytest
import torch

from tests.codecs import tiny
from vocable.audio import Audio
from vocable.errors import TokenError
from vocable.tokens import AudioTokens

SOUND = Audio(tiny.sound(1000), 8000)


def test_other_weights_are_refused_naming_both():
    one, other = tiny.seanet(0), tiny.seanet(1)
    tokens = one.encode(SOUND)
    with pytest.raises(TokenError) as refusal:
        other.decode(tokens)
    assert one.spec.space in str(refusal.value)
    assert other.spec.space in str(refusal.value)


def test_trusting_another_space_warns_and_decodes():
    one, other = tiny.seanet(0), tiny.seanet(1)
    with pytest.warns(UserWarning, match="trust_space"):
        audio = other.decode(one.encode(SOUND), trust_space=True)
    assert len(audio) == len(SOUND)


def test_another_codec_is_refused_even_when_trusted():
    tokens = tiny.seanet().encode(SOUND)
    with pytest.raises(TokenError, match="tokens come from seanet"):
        tiny.speech().decode(tokens)
    with pytest.warns(UserWarning), pytest.raises(TokenError, match="4 levels of 16, 16 samples"):
        tiny.speech().decode(tokens, trust_space=True)


def test_codes_that_no_codebook_has_are_refused():
    codec = tiny.seanet()
    wide = codec.encode(SOUND)
    with pytest.raises(TokenError):
        codec.decode(AudioTokens(wide.spec, tuple(stack + 16 for stack in wide.stacks)))


def test_the_space_follows_encoder_and_quantizer_and_nothing_else():
    codec = tiny.seanet()
    space = codec.spec.space
    assert space.startswith("seanet@0:untrained-")
    changed = copy.deepcopy(codec)
    changed.state_dict()["decoder.blocks.0.weight"].add_(1)
    assert changed.spec.space == space
    for name in ("encoder.blocks.0.weight", "quantizer.stack.0.codebook.entries"):
        changed = copy.deepcopy(codec)
        changed.state_dict()[name].add_(1)
        assert changed.spec.space != space


def test_a_carried_space_lasts_until_it_is_forgotten():
    codec = tiny.seanet()
    codec.space = "voice@3:0123456789abcdef"
    assert codec.name == "voice"
    assert codec.to(torch.float64).spec.space == "voice@3:0123456789abcdef"
    codec.forget()
    assert codec.spec.space.startswith("voice@0:untrained-")
