"""A CSM says texts in a voice, sentence by sentence, after what was said before."""

import json

import numpy as np
import pytest

import vocable
from tests.language.csm.conftest import reference, speaker  # noqa: F401 - fixtures
from tests.language.flat import references
from vocable.errors import ModelError, RecipeError
from vocable.language import flat
from vocable.language.csm import CsmGenerator, Utterance
from vocable.language.flat import FlatGenerator
from vocable.speak.turns import Named, Turn, Turns, read_turns


@pytest.fixture
def model(speaker):  # noqa: F811
    """The toy, which reads each word of a text as an id."""
    made = CsmGenerator(speaker.network, text=lambda text: [len(each) for each in text.split()])
    made.attach(speaker.codec)
    return made


def sound(seconds=1.0, seed=0):
    return vocable.Audio(
        0.1 * np.random.default_rng(seed).normal(size=(1, round(24_000 * seconds))), 24_000
    )


def test_a_sentence_follows_the_voice_and_the_turns(model):
    voice = vocable.Voice(sound(), "who I am")
    before = [Turn(1, "a question", sound(0.5, 1))]
    found = np.concatenate(list(Turns(model, before).speak("An answer.", voice, seed=3)), 1)
    utterances = [
        Utterance(0, "who I am", model.codec.encode(sound())),
        Utterance(1, "a question", model.codec.encode(sound(0.5, 1))),
        Utterance(0, "An answer."),
    ]
    wanted = np.concatenate(list(model.speak(utterances, seed=3)), 1)
    assert np.array_equal(found, wanted)


def test_sentences_are_said_alike_one_by_one(model, monkeypatch):
    prompts = []

    def speak(self, utterances, **options):
        prompts.append((utterances, options))
        return Ended([np.full((1, 4), len(prompts))])

    monkeypatch.setattr(CsmGenerator, "speak", speak)
    spoken = Turns(model).speak("One, two. Three!", vocable.Voice(sound(), "who I am"), seed=7)
    blocks = list(spoken)
    assert [int(block[0, 0]) for block in blocks] == [1, 2] and spoken.reason == "end"
    assert [each[-1].text for each, _ in prompts] == ["One, two.", "Three!"]
    assert all(each[0].text == "who I am" and len(each) == 2 for each, _ in prompts)
    assert all(options == {"seed": 7} for _, options in prompts)


def test_markup_and_emoji_are_left_out(model):
    marked = list(Turns(model).speak("<b>One</b>, **two**. 🙂"))
    assert all(map(np.array_equal, marked, Turns(model).speak("One, two.")))


@pytest.mark.parametrize("text", ["", " ", "🙂 …", "<br/>"])
def test_a_text_without_words_is_refused(model, text):
    with pytest.raises(ModelError, match="^there are no words to say in "):
        Turns(model).speak(text)


def test_five_thousand_characters_are_said_part_by_part(model, monkeypatch):
    texts = []

    def speak(self, utterances, **options):
        texts.append(utterances[-1].text)
        return Ended([np.ones((1, 4))])

    monkeypatch.setattr(CsmGenerator, "speak", speak)
    text = "one two three four five " * 210
    assert len(list(Turns(model).speak(text))) == len(texts) > 20
    assert " ".join(texts).split() == text.split() and max(map(len, texts)) <= 200


def test_what_went_wrong_ends_it(model, monkeypatch):
    monkeypatch.setattr(CsmGenerator, "speak", lambda *_, **__: Ended([np.ones((1, 4))], "repeats"))
    spoken = Turns(model).speak("One. Two.")
    assert len(list(spoken)) == 1 and spoken.reason == "repeats"


def test_a_voice_without_its_text_is_refused(model):
    with pytest.raises(ModelError, match="what a voice says in its recording; give its text"):
        Turns(model).speak("One.", vocable.Voice(sound()))


def test_a_csm_knows_no_names(model):
    with pytest.raises(
        ModelError, match='^a CSM knows no voice by its name, and so not "tara"; re'
    ):
        Turns(model).speak("One.", "tara")


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A flat model of toy size, with its codec."""
    pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("flat") / "model"
    made = vocable.load(references.write_model(references.make_reference(), folder))
    made.attach(references.make_codec())
    return made


def test_a_name_is_put_before_each_sentence(named, monkeypatch):
    prompts = []

    def speak(self, utterances, **options):
        prompts.append(utterances)
        return Ended([np.ones((1, 4))])

    monkeypatch.setattr(FlatGenerator, "speak", speak)
    list(Named(named).speak("One, two. Three!", "tara"))
    list(Named(named).speak("Four."))
    wanted = [[flat.Utterance("One, two.", "tara")], [flat.Utterance("Three!", "tara")],
              [flat.Utterance("Four.")]]  # fmt: skip
    assert prompts == wanted


def test_tags_of_its_own_stay_where_markup_goes(named, monkeypatch):
    prompts = []
    monkeypatch.setattr(
        FlatGenerator, "speak", lambda self, asked, **how: prompts.append(asked) or Ended([])
    )
    list(Named(named).speak("<b>*Well*</b>, <laugh> yes. <shout> No."))
    assert [each.text for (each,) in prompts] == ["Well, <laugh> yes.", "No."]


def test_a_recording_comes_before_with_its_text(named):
    voice = vocable.Voice(sound(2.2), "who i am")
    found = np.concatenate(list(Named(named).speak("an answer", voice, seed=3)), 1)
    heard = named.codec.encode(sound(2.2))
    utterances = [flat.Utterance("who i am", audio=heard), flat.Utterance("an answer")]
    assert np.array_equal(found, np.concatenate(list(named.speak(utterances, seed=3)), 1))
    with pytest.raises(ModelError, match="what a voice says in its recording; give its text"):
        Named(named).speak("One.", vocable.Voice(sound()))
    with pytest.raises(ModelError, match="^there are no words to say in ''$"):
        Named(named).speak("")


def test_turns_are_read_from_a_file(tmp_path):
    sound().save(tmp_path / "a.wav")
    path = tmp_path / "turns.jsonl"
    path.write_text(json.dumps({"speaker": 2, "text": "so", "audio": "a.wav"}) + "\n\n")
    (turn,) = read_turns(path)
    assert (turn.speaker, turn.text, turn.audio.seconds) == (2, "so", 1.0)
    path.write_text('{"speaker": "two"}')
    with pytest.raises(RecipeError, match="turns.jsonl:1: wanted an object"):
        read_turns(path)


class Ended:
    """Sound that is there already."""

    def __init__(self, blocks, reason="end"):
        self._blocks, self.reason = iter(blocks), reason

    def __iter__(self):
        return self._blocks
