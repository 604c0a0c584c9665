"""Times of phones are joined with the words that they are of."""

import pytest

from vocable.errors import MeasureError
from vocable.text.dictionary import Dictionary
from vocable.text.timed import timed

WORDS = Dictionary(
    "the dh ah0|dh iy0\ncat k ae1 t\nsat s ae1 t\nrecord r eh1 k er0 d|r ih0 k ao1 r d"
)


def times(text):
    """Return the times of `phone:hundredths` one after the other."""
    found, at = [], 0.0
    for each in text.split():
        name, length = each.split(":")
        found.append((round(at, 2), round(at + int(length) / 100, 2), name))
        at += int(length) / 100
    return found


def read(found):
    return [
        (name, int(stress), int(place), int(durations))
        for name, (_, stress, place), durations in zip(
            found.spoken.names, found.spoken.rows, found.durations, strict=True
        )
    ]


def test_words_marks_and_pauses():
    spoken = times("sil:5 dh:3 iy:6 k:8 ae:9 t:7 sil:20 s:4 ae:5 t:6 sil:10")
    found = timed("The cat, sat", spoken, WORDS, 84)
    assert read(found) == [
        ("^", 0, 0, 5), ("dh", 0, 2, 3), ("iy", 1, 4, 6), ("k", 0, 2, 8), ("ae", 2, 3, 9),
        ("t", 0, 4, 7), (",", 0, 0, 20), ("s", 0, 2, 4), ("ae", 2, 3, 5), ("t", 0, 4, 6),
        (".", 0, 0, 11),
    ]  # fmt: skip


def test_a_mark_without_a_pause_lasts_no_time_and_a_pause_without_a_mark_is_one():
    spoken = times("dh:3 ah:6 sil:9 k:8 ae:9 t:7 s:4 ae:5 t:6")
    found = timed("The cat, sat", spoken, WORDS, 57)
    assert [each[::3] for each in read(found) if each[0] in "^_,."] == [
        ("^", 0), ("_", 9), (",", 0), (".", 0)
    ]  # fmt: skip


def test_the_lengths_are_those_of_the_recording():
    spoken = times("sil:5 dh:3 ah:6 k:8 ae:9 t:7 sil:3")
    assert timed("the cat", spoken, WORDS, 48).durations.sum() == 48


def test_stress_is_that_of_the_pronunciation_that_was_spoken():
    noun = timed("record", times("r:5 eh:5 k:5 er:5 d:5"), WORDS, 25)
    verb = timed("record", times("r:5 ih:5 k:5 ao:5 r:5 d:5"), WORDS, 30)
    assert [each[1] for each in read(noun)][1:-1] == [0, 2, 0, 1, 0]
    assert [each[1] for each in read(verb)][1:-1] == [0, 1, 0, 2, 0, 0]


def test_words_that_the_dictionary_lacks_take_what_the_others_leave():
    spoken = times("dh:3 ah:6 g:5 uw:5 p:5 ih:5 s:4 ae:5 t:6")
    found = read(timed("the goopy sat", spoken, WORDS, 44))
    assert [each[:3] for each in found[3:7]] == [
        ("g", 0, 2), ("uw", 2, 3), ("p", 0, 3), ("ih", 1, 4)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "spoken", "words"),
    [
        ("cat", "q:3", "no phones of these words: \\['q'\\]"),
        ("12", "k:3", "no phones of these words: 12"),
        ("the cat sat", "dh:3 ah:4", "phones and text do not match: the cat sat"),
    ],
)
def test_what_cannot_be_joined_is_refused(text, spoken, words):
    with pytest.raises(MeasureError, match=words):
        timed(text, times(spoken), WORDS, 100)
