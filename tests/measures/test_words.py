"""Errors of words: against every alignment, worked examples, normalising, sums over a set."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocable.errors import MeasureError
from vocable.measures import (
    Edits,
    character_edits,
    count_edits,
    error_rate,
    normalise,
    phone_edits,
    word_edits,
)

SHORT = st.lists(st.sampled_from("abc"), max_size=6)


def fewest(reference: tuple, heard: tuple) -> int:
    """The definition: the fewest errors of all ways to go from one to the other."""

    @cache
    def left(i: int, j: int) -> int:
        if i == len(reference) or j == len(heard):
            return len(reference) - i + len(heard) - j
        substituted = left(i + 1, j + 1) + (reference[i] != heard[j])
        return min(substituted, left(i + 1, j) + 1, left(i, j + 1) + 1)

    return left(0, 0)


@given(SHORT, SHORT)
def test_errors_are_the_fewest(reference, heard):
    found = count_edits(reference, heard)
    assert found.errors == fewest(tuple(reference), tuple(heard))
    assert found.length == len(reference)
    assert found.insertions - found.deletions == len(heard) - len(reference)
    assert min(found.substitutions, found.deletions, found.insertions) >= 0


@given(SHORT, SHORT, SHORT)
def test_errors_are_a_distance(a, b, c):
    def apart(x, y):
        return count_edits(x, y).errors

    assert (apart(a, b) == 0) == (a == b)
    assert apart(a, b) == apart(b, a)
    assert apart(a, c) <= apart(a, b) + apart(b, c)


@pytest.mark.parametrize(
    ("reference", "heard", "edits"),
    [
        ("the cat sat", "the cat sat", (0, 0, 0, 3)),
        ("the cat sat", "the bat sat", (1, 0, 0, 3)),
        ("the cat sat", "the sat", (0, 1, 0, 3)),
        ("the cat sat", "the cat it sat on", (0, 0, 2, 3)),
        ("the cat sat", "", (0, 3, 0, 3)),
        ("", "a b", (0, 0, 2, 0)),
        ("one two three", "one three three four", (1, 0, 1, 3)),
    ],
)
def test_worked_examples(reference, heard, edits):
    assert word_edits(reference, heard) == Edits(*edits)


def test_case_punctuation_and_dashes_do_not_count():
    assert word_edits("WELL KNOWN, HE SAID", "Well-known – he said.") == Edits(0, 0, 0, 4)
    assert normalise("  “It's\tnaïve…”, 3.5 $ ") == "its naïve 35 $"
    assert word_edits("...", "one") == Edits(0, 0, 1, 0)
    assert word_edits("it's", "its").errors == 0


def test_another_normaliser_is_taken():
    assert word_edits("A b", "a b", normalise=str).errors == 1
    assert character_edits("Ab", "ab", normalise=str).errors == 1


def test_characters_and_phones():
    assert character_edits("Hello you", "hallo you") == Edits(1, 0, 0, 9)
    assert character_edits("你好", "你们好") == Edits(0, 0, 1, 2)
    assert phone_edits("h ə l oʊ", "h ɛ l") == Edits(1, 1, 0, 4)
    assert phone_edits("t-s", "ts").errors == 1  # nothing is normalised


def test_the_rate_is_of_sums_and_no_mean_of_rates():
    found = [word_edits("a", "b"), word_edits("c d e", "c d e")]
    assert error_rate(found) == 0.25
    assert error_rate([word_edits("a", "b c d")]) == 3.0  # more was invented than said
    assert sum(found, Edits(0, 0, 0, 0)) == Edits(1, 0, 0, 4)


@pytest.mark.parametrize("edits", [[], [word_edits("", "a b")], [word_edits("!", "")]])
def test_a_rate_of_no_words_is_refused(edits):
    with pytest.raises(MeasureError, match="needs a reference that is not empty"):
        error_rate(edits)


@given(SHORT, SHORT)
def test_the_errors_are_those_of_jiwer(reference, heard):
    jiwer = pytest.importorskip("jiwer")
    if reference:
        theirs = jiwer.process_words(" ".join(reference), " ".join(heard))
        ours = count_edits(reference, heard).errors
        assert ours == theirs.substitutions + theirs.deletions + theirs.insertions
