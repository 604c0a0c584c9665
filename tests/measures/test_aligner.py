"""Phones in time: what PocketSphinx is given, what comes of it, what is refused."""

import re
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from vocable.errors import MeasureError
from vocable.measures.aligner import Aligner

WORDS = {"it's": ("IH", "T", "S"), "so": ("S", "OW")}


class Decoder:
    """As PocketSphinx's: a text is set, sound heard twice, then words are made of phones."""

    def __init__(self, **settings):
        self.settings, self.heard, self.matches = settings, [], True
        self.before, self.noise = 0, []  # utterances whose noise it knows, now and at each

    def lookup_word(self, word):
        return " ".join(WORDS[word]) if word in WORDS else None

    def set_align_text(self, text):
        self.text = text

    def reinit_feat(self):
        self.before = 0

    def start_utt(self): ...

    def process_raw(self, pcm, full_utt):
        self.heard.append(pcm)
        self.noise.append(self.before)
        self.before += 1

    def end_utt(self):
        if not self.matches:
            raise RuntimeError("Failed to stop utterance processing")

    def hyp(self):
        return SimpleNamespace(hypstr=self.text)

    def set_alignment(self): ...

    def get_alignment(self):
        at = 0
        for word in ("<sil>", *self.text.split()):
            parts = []
            for name in WORDS.get(word, ("SIL",)):
                parts.append(SimpleNamespace(start=at, duration=5, name=name))
                at += 5
            yield parts


@pytest.fixture
def aligner(monkeypatch):
    module = ModuleType("pocketsphinx")
    module.Decoder = Decoder
    monkeypatch.setitem(__import__("sys").modules, "pocketsphinx", module)
    return Aligner()


def test_phones_follow_each_other_in_seconds(aligner):
    phones = aligner(np.full(8000, 1.5, np.float32), 16_000, "It’s – so, “so”!")
    assert aligner._decoder.text == "it's so so"
    assert [name for _, _, name in phones] == ["sil", "ih", "t", "s", "s", "ow", "s", "ow"]
    times = [(round(begin, 4), round(end, 4)) for begin, end, _ in phones]
    assert times[:2] == [(0.0, 0.0578), (0.0578, 0.1078)] and times[-1] == (0.3578, 0.4078)
    first, second = aligner._decoder.heard
    assert first == second and np.frombuffer(first, np.int16).max() == 32767


def test_what_was_heard_before_does_not_count(aligner):
    for _ in range(3):
        aligner(np.zeros(8000, np.float32), 16_000, "it's so")
    assert aligner._decoder.noise == [0] * 6


def test_no_phone_goes_beyond_the_recording(aligner):
    phones = aligner(np.zeros(6480, np.float32), 16_000, "it's so so")
    assert phones[-1][1] == 6480 / 16_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has words and no digits; got ''"),
        ("chapter 12", "has words and no digits; got 'chapter 12'"),
        ("so vocable", "the dictionary does not have vocable"),
        ("…", "the dictionary does not have …"),
    ],
)
def test_a_text_that_cannot_be_said_is_refused(aligner, text, words):
    with pytest.raises(MeasureError, match=re.escape(words)):
        aligner(np.zeros(8000, np.float32), 16_000, text)


def test_sound_that_does_not_match_is_refused(aligner):
    aligner._decoder.matches = False
    with pytest.raises(MeasureError, match="sound and text do not match .*: so"):
        aligner(np.zeros(8000, np.float32), 16_000, "so")
