"""A trained model says texts: whole as in blocks, as long as planned, again by its seed."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import vocable
from tests.train.say.small import recipe, write
from vocable.errors import ModelError, TokenError
from vocable.language.say import KnownVoice, Manner
from vocable.language.say import sayer as sayer_module
from vocable.load import load_codec
from vocable.load.say import save_say
from vocable.train import run


@pytest.fixture(scope="module")
def sayer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("say")
    run(recipe(schedule={"steps": 2, "warmup": 1}), write(folder), folder / "run")
    return vocable.load(folder / "run")


@pytest.fixture(scope="module")
def voice(sayer):
    random = np.random.default_rng(0)
    return sayer.voice([sayer.codec.encode(0.1 * random.normal(size=16_000), rate=16_000)])


def test_blocks_are_the_recording(sayer, voice):
    blocks = list(sayer.speak("One, two.", voice, seed=4))
    whole = sayer.say("One, two.", voice, seed=4)
    assert np.array_equal(np.concatenate(blocks, 1), whole.samples)
    frames = len(list(sayer.frames("One, two.", voice, seed=4)))
    assert whole.rate == 16_000 and whole.samples.shape == (1, 640 * frames)
    assert blocks[0].shape[1] < 640 and max(block.shape[1] for block in blocks) <= 16 * 640


def test_a_seed_is_heard(sayer, voice):
    one, again, other = (sayer.say("One.", voice, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.samples, again.samples)
    assert not np.array_equal(one.samples, other.samples)


def test_what_is_said_are_tokens_that_decode_alike(sayer, voice):
    manner = Manner(levels=4)
    codes = np.stack(list(sayer.frames("One.", voice, manner=manner)), 1)
    assert codes.shape[0] == 4
    whole = sayer.codec.from_codes(torch.from_numpy(codes)[None])
    np.testing.assert_allclose(
        whole[0].numpy(), sayer.say("One.", voice, manner=manner).samples, atol=1e-4
    )


def test_a_recording_is_a_voice(sayer):
    noise = 0.1 * np.random.default_rng(1).normal(size=24_000)
    shown = vocable.Voice.from_recording((noise, 16_000))
    known = sayer.voice([shown])
    assert np.array_equal(sayer.say("One.", shown).samples, sayer.say("One.", known).samples)
    assert not np.allclose(known, sayer.voice([sayer.codec.encode(noise[::-1], rate=16_000)]))


def test_sentences_are_said_one_after_the_other(sayer, voice):
    both = sayer.say("One, two. Three!", voice, seed=3)
    parts = [sayer.say("One, two.", voice, seed=3), sayer.say("Three!", voice, seed=4)]
    assert both.samples.shape[1] == sum(each.samples.shape[1] for each in parts)
    assert np.array_equal(both.samples[:, :640], parts[0].samples[:, :640])


def test_who_stops_listening_leaves(sayer, voice):
    sound = sayer.speak("One, two, three.", voice)
    next(sound)
    assert sound.reason is None
    sound.leave()
    assert sound.reason == "left" and not list(sound)
    sound = sayer.speak("One.", voice)
    assert list(sound) and sound.reason == "end"


def test_voices_come_with_a_model(sayer, voice, tmp_path):
    voices = {"anna": KnownVoice(voice), "Björn": KnownVoice(-voice, "de")}
    space = sayer.codec.spec.space
    save_say(sayer.network, tmp_path, space, "small", voices=voices, facts={"licence": "CC0-1.0"})
    again = vocable.load(tmp_path)
    assert list(again.voices) == ["anna", "Björn"] and again.voices["Björn"].language == "de"
    assert again.licence == "CC0-1.0" and "anna" in repr(again)
    assert np.array_equal(again.say("One.").samples, again.say("One.", "anna").samples)
    assert np.array_equal(again.say("One.").samples, sayer.say("One.", voice).samples)
    german = again.say("Ich.", "Björn")
    assert np.array_equal(german.samples, again.say("Ich.", -voice, language="de").samples)
    with pytest.raises(ModelError, match='no voice "ana"; .*anna'):
        again.say("One.", "ana")


def test_what_cannot_be_said(sayer, voice):
    with pytest.raises(ModelError, match="no voice of its own; give it a recording"):
        sayer.say("One.")
    with pytest.raises(TokenError, match="there are no words to say"):
        sayer.say("…", voice)
    with pytest.raises(TokenError, match="not in 'fr'"):
        sayer.say("Un.", voice, language="fr")


def test_a_model_that_says_texts_is_no_codec(tmp_path, sayer):
    save_say(sayer.network, tmp_path, sayer.codec.spec.space, "small")
    with pytest.raises(ModelError, match="says texts"):
        load_codec(tmp_path)
    save_say(sayer.network, tmp_path, "speech-16k@2:0000000000000000", "small")
    with pytest.raises(ModelError, match="the codec here has"):
        vocable.load(tmp_path)


def test_eight_bits_are_nearly_the_weights(sayer, tmp_path):
    save_say(sayer.network, tmp_path, sayer.codec.spec.space, "small", dtype=torch.int8)
    stored = load_file(tmp_path / "model.safetensors")
    assert {each.dtype for each in stored.values() if each.dim() == 2} == {torch.int8}
    found, whole = vocable.load(tmp_path).network.state_dict(), sayer.network.state_dict()
    for key in stored.keys() & whole.keys():
        assert (found[key] - whole[key]).abs().max() <= whole[key].abs().max() / 250


def test_loading_draws_no_random_numbers(sayer, tmp_path):
    save_say(sayer.network, tmp_path, sayer.codec.spec.space, "small")
    before = torch.get_rng_state()
    vocable.load(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_long_text_begins_at_once_and_is_said_whole(sayer, voice):
    text = "one two three four five " * 210  # 5040 characters without a mark
    frames = sayer.frames(text, voice, manner=Manner(levels=1, pace=4.0))
    planned = []
    plan = sayer_module.plan

    def counted(*arguments):
        planned.append(plan(*arguments))
        return planned[-1]

    sayer_module.plan = counted
    try:
        next(frames)
        assert len(planned) == 1  # the rest waits
        rest = len(list(frames))
    finally:
        sayer_module.plan = plan
    assert len(planned) > 20
    assert 1 + rest == sum(int(each.frame_counts[0]) for each in planned)


def test_markup_and_emoji_are_not_said(sayer, voice):
    plain = sayer.say("One, two.", voice, seed=2)
    marked = sayer.say("<speak>**One**, <b>two</b>. 🙂</speak>", voice, seed=2)
    assert np.array_equal(plain.samples, marked.samples)
