"""A trained model says texts: whole as in blocks, as long as planned, again by its seed."""

import numpy as np
import pytest
import torch

from tests.train.say.small import recipe, write
from vocable.errors import ModelError
from vocable.language.say import Manner
from vocable.speak.sayer import read_sayer
from vocable.train import run


@pytest.fixture(scope="module")
def sayer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("say")
    run(recipe(schedule={"steps": 2, "warmup": 1}), write(folder), folder / "run")
    return read_sayer(folder / "run")


@pytest.fixture(scope="module")
def voice(sayer):
    random = np.random.default_rng(0)
    tokens = sayer.codec.encode(0.1 * random.normal(size=16_000), rate=16_000)
    return sayer.voice([tokens.codes[0].T])


def test_blocks_are_the_recording(sayer, voice):
    blocks = list(sayer.speak("One, two.", voice, seed=4))
    whole = sayer.say("One, two.", voice, seed=4)
    assert np.array_equal(np.concatenate(blocks, 1), whole.samples)
    frames = len(list(sayer.frames("One, two.", voice, seed=4)))
    assert whole.rate == 16_000 and whole.samples.shape == (1, 640 * frames)
    assert blocks[0].shape[1] < 640 and max(block.shape[1] for block in blocks) <= 8 * 640


def test_a_seed_is_heard(sayer, voice):
    one, again, other = (sayer.say("One.", voice, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.samples, again.samples)
    assert not np.array_equal(one.samples, other.samples)


def test_what_is_said_are_tokens_that_decode_alike(sayer, voice):
    manner = Manner(levels=4)
    codes = torch.stack(list(sayer.frames("One.", voice, manner=manner)), 2)
    assert codes.shape[1] == 4
    whole = sayer.codec.from_codes(codes)
    np.testing.assert_allclose(
        whole[0].numpy(), sayer.say("One.", voice, manner=manner).samples, atol=1e-4
    )


def test_another_folder_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="is not a model that says phones"):
        read_sayer(tmp_path)
