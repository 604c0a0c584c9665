"""Phones that tokens tell: a made-up alignment, times of tokens, the baseline without learning."""

import numpy as np
import pytest
import torch

from tests.evaluate.made_up import RATE, SILENT, Steps, recording, sound, tiny
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.errors import MeasureError
from vocable.evaluate import phones_told, random_weights
from vocable.evaluate.phones import token_times
from vocable.testing.token_examples import tokens as examples

LOUD = {"p": 0.01, "q": 0.1, "r": 0.9}  # as made-up phones are


def spoken(name: str, said: str, **known):
    """A recording of 50 ms a phone, told apart by loudness."""
    random = np.random.default_rng(len(said))
    size = RATE // 20
    samples = [LOUD[phone] * np.sign(random.standard_normal(size)) for phone in said]
    spans = tuple((i / 20, (i + 1) / 20, phone) for i, phone in enumerate(said))
    audio = Audio(np.concatenate(samples).astype(np.float32), RATE)
    return recording(name, audio=audio, phones=spans, **known)


def test_a_level_that_follows_the_phone_tells_it_and_the_other_does_not():
    told = phones_told(Steps(), [spoken("a", "ppqrrq"), spoken("b", "qrp")])
    loudness, mean = told.levels
    assert loudness.phone_purity == loudness.cluster_purity == loudness.pnmi == 1
    assert loudness.tokens == 45 and told.scored == 2
    assert mean.pnmi < loudness.pnmi
    assert loudness.shuffled().pnmi < 0.3


def test_labels_left_out_do_not_count():
    told = phones_told(Steps(), [spoken("a", "ppqrrq")], without=["p"])
    assert told.levels[0].counts.shape == (2, 16) and told.levels[0].tokens == 20


def test_recordings_without_phones_are_named():
    stereo = Audio(np.repeat(sound().samples, 2, axis=0), RATE)
    parts = [recording("bare"), SILENT, spoken("good", "pqr")]
    parts.append(recording("stereo", audio=stereo, phones=((0.0, 1.0, "p"),)))
    told = phones_told(Steps(), parts)
    assert told.scored == 1
    assert [each.name for each in told.refusals] == ["bare", "silent", "stereo"]
    assert told.refusals[0].reason == "nothing says which phones it has"
    assert told.refusals[2].reason == "phones need tokens of one stream, got 2; mix channels"
    with pytest.raises(MeasureError, match="first of 1: bare: nothing says"):
        phones_told(Steps(), [recording("bare")])


@pytest.mark.parametrize("kind", ["mono", "multi-rate", "segmented"])
def test_the_time_of_a_token_is_the_middle_of_its_frames(kind):
    tokens = examples()[kind]
    spec = tokens.spec
    for k, level in enumerate(spec.levels):
        frames = range(0, 8, level.stride)
        middles = [(spec.span(n).start + spec.span(n + level.stride - 1).stop) / 2 for n in frames]
        assert token_times(tokens, k) == pytest.approx([m / spec.rate for m in middles])
    assert token_times(tokens, 2)[0] == 0.005


def test_random_weights_are_the_same_numbers_in_another_order():
    codec = tiny("plain")
    before = {name: each.clone() for name, each in codec.model.state_dict().items()}
    made = random_weights(codec.model)
    for name, tensor in made.state_dict().items():
        assert torch.equal(tensor.flatten().sort().values, before[name].flatten().sort().values)
        assert torch.equal(before[name], codec.model.state_dict()[name])
        assert len(tensor.unique()) < 10 or not torch.equal(tensor, before[name])
    again = random_weights(codec.model).state_dict()
    assert all(torch.equal(each, again[name]) for name, each in made.state_dict().items())


def test_a_codec_with_random_weights_encodes_and_has_another_space():
    codec = tiny("plain")
    other = Codec(random_weights(codec.model))
    assert other.spec.space != codec.spec.space
    assert other.encode(sound()).stacks[0].shape == codec.encode(sound()).stacks[0].shape
    assert not np.array_equal(other.encode(sound()).stacks[0], codec.encode(sound()).stacks[0])
