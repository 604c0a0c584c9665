"""Cuts: in pauses, never inside a word, of good lengths; all words once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocable.measures import Word
from vocable.measures.word_times import joined, text_of
from vocable.speak.prepare import Settings
from vocable.speak.prepare.cuts import breaths, cuts
from vocable.speak.prepare.stretches import Stretch

SETTINGS = Settings()
WORDS = st.tuples(st.floats(0.05, 0.9), st.floats(0.0, 1.5), st.booleans())  # length, pause, "."


def spoken(parts: list[tuple[float, float, bool]]) -> list[Word]:
    words, at = [], 1.0
    for seconds, pause, ends in parts:
        words.append(Word(at, at + seconds, " word." if ends else " word", 0.9))
        at += seconds + pause
    return words


def stretches_of(words: list[Word], pause: float = SETTINGS.pause) -> list[Stretch]:
    found = [Stretch(words[0].begin, words[0].end)]
    for word in words[1:]:
        if word.begin - found[-1].end < pause:
            found[-1] = Stretch(found[-1].begin, word.end)
        else:
            found.append(Stretch(word.begin, word.end))
    return found


@given(st.lists(WORDS, min_size=1, max_size=60))
def test_no_cut_is_inside_a_word_and_each_word_is_in_one_snippet(parts):
    words = spoken(parts)
    seconds = words[-1].end + 1
    made = cuts(breaths(stretches_of(words), words, seconds), SETTINGS)
    assert [word for cut in made for word in cut.words] == words
    for cut in made:
        for at in (cut.begin, cut.end):
            assert not any(word.begin < at < word.end for word in words)
        kept = cut.words[0].begin - cut.begin, cut.end - cut.words[-1].end
        assert all(0.1 - 1e-9 <= each <= 0.15 + 1e-9 for each in kept)
        if len(cut.breaths) > 1:
            assert cut.end - cut.begin <= SETTINGS.longest
    assert all(a.end <= b.begin + 1e-9 for a, b in zip(made, made[1:], strict=False))


@given(st.lists(WORDS, min_size=1, max_size=40), st.floats(-0.09, 0.09), st.integers(0, 99))
def test_words_that_are_a_little_off_change_no_cut(parts, off, seed):
    """A recogniser's times are good to a tenth of a second; where speech is, is known better."""
    words = spoken([(max(0.2, a), b if b < 0.05 else b + 0.2, c) for a, b, c in parts])
    random = np.random.default_rng(seed)
    moved = [word.moved(off * random.random()) for word in words]
    found, seconds = stretches_of(words), words[-1].end + 1
    one, other = (cuts(breaths(found, each, seconds), SETTINGS) for each in (words, moved))
    assert [(cut.begin, cut.end) for cut in one] == [(cut.begin, cut.end) for cut in other]


def test_a_pause_inside_a_word_is_not_cut():
    """A long stop, as in "back…pack": the recogniser has one word there."""
    found = [Stretch(1.0, 1.4), Stretch(1.65, 3.0)]
    whole = [Word(1.0, 1.95, " backpack", 0.9), Word(2.0, 3.0, " here.", 0.9)]
    parted = [Word(1.0, 1.4, " back", 0.9), Word(1.65, 1.95, " pack", 0.9), whole[1]]
    assert len(breaths(found, whole, 4.0)) == 1
    assert len(breaths(found, parted, 4.0)) == 2


def test_a_word_that_reaches_over_a_long_pause_stays_where_most_of_it_is():
    found = [Stretch(1.0, 2.0), Stretch(3.2, 4.0)]
    words = [Word(1.6, 3.35, " darned.", 0.8), Word(3.4, 3.9, " Darkness", 0.9)]
    assert [text_of(each.words) for each in breaths(found, words, 5.0)] == ["darned.", "Darkness"]


def test_snippets_end_with_sentences_where_they_can():
    words = spoken(
        [(0.5, 0.05, False)] * 9 + [(0.5, 0.4, False), (0.5, 0.4, False), (0.5, 0.4, True)] * 4
    )
    made = cuts(breaths(stretches_of(words), words, 60.0), SETTINGS)
    assert len(made) > 1 and all(cut.words[-1].text.endswith(".") for cut in made)


def test_sound_without_words_parts_snippets_unless_it_is_a_sigh():
    words = [Word(1.0, 2.0, " one", 0.9), Word(4.0, 5.0, " two.", 0.9)]
    apart = [Stretch(1.0, 2.0), Stretch(2.5, 3.2), Stretch(3.6, 5.0)]
    sigh = [Stretch(1.0, 2.0), Stretch(2.5, 2.7), Stretch(2.9, 5.0)]
    assert len(cuts(breaths(apart, words, 6.0), SETTINGS)) == 2
    assert len(cuts(breaths(sigh, words, 6.0), SETTINGS)) == 1


def test_speech_without_a_pause_stays_whole_and_is_too_long():
    words = spoken([(0.5, 0.05, False)] * 70)
    (cut,) = cuts(breaths(stretches_of(words), words, 60.0), SETTINGS)
    assert cut.end - cut.begin > SETTINGS.longest


def test_nothing_gives_nothing():
    assert breaths([], [], 3.0) == [] and cuts([], SETTINGS) == []


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([" orange", "-green,", " it", "'s"], [" orange-green,", " it's"]),
        ([" 日", "本", "語。"], [" 日", "本", "語。"]),
        (["—", " so"], ["—", " so"]),
    ],
)
def test_pieces_are_joined_to_words(pieces, words):
    timed = [Word(n, n + 1, piece, 1 - n / 10) for n, piece in enumerate(pieces)]
    found = joined(timed)
    assert [word.text for word in found] == words
    assert text_of(found) == text_of(timed) == "".join(pieces).strip()
    assert found[0].begin == 0 and found[-1].end == len(pieces)
