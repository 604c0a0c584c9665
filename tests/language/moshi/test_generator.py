"""A folder of transformers becomes a model that hears and speaks, by its own Mimi."""

import json

import numpy as np
import pytest
import torch

import vocable
from tests.cli.calls import call, results
from tests.golden.moshi.opened import CONFIG as PACKAGE
from tests.golden.moshi.opened import as_published, state
from tests.language.moshi.toys import CODES, FRAME, TEXT, heard, made, theirs
from vocable import weights
from vocable.errors import AudioError, ModelError
from vocable.language.moshi import MoshiFrame, MoshiGenerator
from vocable.tokens import Level, TokenSpec


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("moshi")
    theirs().save_pretrained(folder)
    return folder


def test_sound_goes_in_and_comes_out(folder):
    """What is said is what a conversation says that hears the same codes."""
    model = vocable.load(folder)
    assert isinstance(model, MoshiGenerator) and model.name == "moshi-2x32"
    samples = np.random.default_rng(0).normal(size=(1, 14 * FRAME + 3)).astype(np.float32)
    blocks = np.split(samples, [3, 40, 41, 90], 1)
    found = list(model.talk(blocks, seed=5))
    codes = model.codec.to_codes(torch.from_numpy(samples[None]), 8).stacked()
    talk = model.converse(seed=5)
    wanted = [talk.step(frame) for frame in codes[0].T.numpy()]
    assert wanted[0] is None and len(found) == len(wanted) - 1 == 14
    for (said, block), each in zip(found, wanted[1:], strict=True):
        assert (said.text, [*said.codes]) == (each.text, [*each.codes])
        assert block.shape[0] == 1
    sound = np.concatenate([block for _, block in found], 1)
    tokens = model.tokens([said.codes for said, _ in found])
    whole = model.codec.decode(tokens).samples[:, : sound.shape[1]]
    np.testing.assert_allclose(sound, whole, atol=1e-4 * max(1, np.abs(whole).max()))
    assert len({said.text for said, _ in found}) > TEXT // 7


def test_a_talk_ends_by_its_rules_and_says_why(folder):
    model = vocable.load(folder)
    engine = model.start_engine(1)
    sound = [np.zeros((1, 6 * FRAME), np.float32)]
    whole = [said.text for said, _ in model.talk(sound, seed=3, engine=engine)]
    assert (len(whole), engine.free) == (5, 1)
    rules = [
        ({"most": 3}, 2, "length"),
        ({"stop": lambda step: "enough" if engine.cache.lengths[0] > 3 else None}, 2, "enough"),
        ({}, 5, "left"),
    ]
    for options, many, reason in rules:
        talk = model.talk(sound, seed=3, engine=engine, **options)
        assert talk.reason is None
        assert [said.text for said, _ in talk] == whole[:many]
        assert (talk.reason, engine.free) == (reason, 1)
    talk = model.talk(sound, engine=engine)
    next(talk)
    assert engine.free == 0
    talk.leave()
    assert (talk.reason, engine.free, list(talk)) == ("left", 1, [])


def test_a_file_of_the_package_is_loaded(tmp_path):
    """In bf16, with the package's config.json beside; its Mimi lies elsewhere."""
    weights.write(tmp_path / "model.safetensors", as_published(state()))
    (tmp_path / "config.json").write_text(json.dumps(PACKAGE))
    model = vocable.load(tmp_path)
    assert (model.dtype, model.codec) == (torch.bfloat16, None)
    talk = model.converse()
    assert sum(isinstance(talk.step(frame), MoshiFrame) for frame in heard(6)) == 5
    with pytest.raises(ModelError, match="has no codec, so it gives tokens and no sound"):
        next(model.talk([np.zeros((1, 8), np.float32)]))


def test_what_it_can_do_is_said_without_its_weights(folder):
    printed = call("info", str(folder)).stdout
    for words in ("moshi-2x32  (", "of language, moshi, transformers layout", "heard and spoken"):
        assert words in printed
    (facts,) = results("info", str(folder))
    able = facts["abilities"]
    assert (able["continues"], able["context"], able["levels"]) == (False, 40, 8)


def test_a_codec_must_hear_and_be_of_the_same_kind():
    model = MoshiGenerator(made())
    model.attach(Speaks())
    with pytest.raises(ModelError, match="Speaks does not encode in steps, so nothing is heard"):
        next(model.talk([np.zeros((1, 8), np.float32)]))
    other = Speaks()
    other.spec = TokenSpec("toy@1:aa", 24_000, FRAME, 1, (Level(CODES + 1),) * 8, (8,))
    with pytest.raises(ModelError, match=f"but moshi-2x32 models 8 levels of {CODES}, 3000 "):
        model.attach(other)


class Speaks:
    """A codec that only decodes."""

    spec = TokenSpec("toy@1:aa", 24_000, FRAME, 1, (Level(CODES),) * 8, (8,))

    def start_decoding(self, batch=1):
        return None

    def decode_step(self, codes, state):
        return codes[:, :1].float(), state

    def finish_decoding(self, state):
        return torch.zeros(1, 1, 0)


def test_what_is_said_becomes_tokens(folder):
    model = vocable.load(folder)
    talk = model.converse(seed=1, stop=None, most=5)
    said = [talk.step(codes) for codes in heard(5)][1:]
    tokens = model.tokens(said)
    np.testing.assert_array_equal(np.stack(tokens.stacks)[:, 0].T, [each.codes for each in said])
    assert tokens == model.tokens(each.codes for each in said)


def test_a_rule_of_ones_own_ends_a_conversation():
    talk = MoshiGenerator(made()).converse(stop=lambda step: "enough")
    with pytest.raises(ModelError, match="^the conversation has ended: enough; begin another$"):
        talk.step()


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (np.zeros((1, 40), np.int16), r"floats \[1, samples\] from -1 to 1 but came as int16 "),
        (np.zeros((2, 40), np.float32), r"came as float32 \[2, 40\]$"),
    ],
)
def test_sound_of_another_kind_is_refused(folder, block, message):
    with pytest.raises(AudioError, match=message):
        list(vocable.load(folder).talk([block]))
