"""Every model that says texts has one form: a text, a voice and a seed give sound."""

import functools

import numpy as np
import pytest

import vocable
from tests.language.csm.conftest import reference, speaker  # noqa: F401 - fixtures
from tests.language.flat import references
from tests.speak.small import write_sayer
from tests.speak.test_turns import model, named, sound  # noqa: F401 - fixtures
from vocable.errors import ModelError
from vocable.language.flat import FlatGenerator
from vocable.speak import Turn, speaking
from vocable.speak.turns import Named, Turns


@pytest.fixture
def loaded(request, tmp_path):
    """Give the model of a kind, made when it is asked for first."""
    ways = {
        "csm": lambda: request.getfixturevalue("model"),
        "flat": lambda: request.getfixturevalue("named"),
        "say": lambda: vocable.load(write_sayer(tmp_path / "small")),
    }
    return functools.cache(lambda kind: ways[kind]())


@pytest.mark.parametrize("kind", ["csm", "flat", "say"])
def test_one_call_speaks_with_any_model(loaded, kind):
    says = vocable.speak.speaker(loaded(kind))
    voice = vocable.Voice(sound(2.2), "who i am")
    first, again = (list(says.speak("One, two.", voice, seed=3)) for _ in range(2))
    assert all(block.ndim == 2 and len(block) == 1 for block in first)
    assert np.array_equal(np.concatenate(first, 1), np.concatenate(again, 1))
    assert says.codec.spec.writes == loaded(kind).codec.spec.writes
    spoken = says.speak("One. Two.")
    assert spoken.reason is None and next(spoken).shape[0] == 1
    spoken.leave()
    assert spoken.reason == "left" and list(spoken) == []


def test_it_is_the_form_of_each_family(loaded):
    says = vocable.speak.speaker
    assert says(loaded("say")) is loaded("say")
    turn = Turn(1, "a question", sound(0.5, 1))
    for found, wanted in (
        (says(loaded("csm"), [turn]), Turns(loaded("csm"), [turn])),
        (says(loaded("flat")), Named(loaded("flat"))),
    ):
        blocks = zip(found.speak("One."), wanted.speak("One."), strict=True)
        assert all(np.array_equal(one, other) for one, other in blocks)


def test_an_orpheus_is_given_the_published_codec(named, monkeypatch):  # noqa: F811
    asked, codec = [], references.make_codec()
    monkeypatch.setattr(speaking, "load_codec", lambda name, device: asked.append(name) or codec)
    mute = FlatGenerator(named.network, text=named.text)
    assert vocable.speak.speaker(mute).codec is codec
    assert vocable.speak.speaker(mute).codec is codec and asked == ["hubertsiuzdak/snac_24khz"]


def test_what_cannot_speak_is_refused(loaded, model):  # noqa: F811
    with pytest.raises(ModelError, match="^a Codec does not speak texts; take say-16k, a CSM"):
        vocable.speak.speaker(vocable.load("speech-16k"))
    turn = Turn(1, "a question", sound(0.5, 1))
    for kind in ("flat", "say"):
        with pytest.raises(ModelError, match="reads no turns before a text; only a CSM does$"):
            vocable.speak.speaker(loaded(kind), [turn])
    model.codec = None
    with pytest.raises(ModelError, match="has no codec, so it gives tokens and no sound; attach"):
        vocable.speak.speaker(model)
