"""Words by their letters: what is learnt of a dictionary, packed, and what ships."""

import lzma

import pytest

from vocable.measures.words import count_edits
from vocable.text.dictionary import dictionary
from vocable.text.letters import aligned, learnt, letters, packed, pronounced, unpacked, words_of
from vocable.text.phones import SYMBOLS, plain

WORDS = {
    "cat": "k ae1 t", "cot": "k aa1 t", "city": "s ih1 t iy0", "cell": "s eh1 l",
    "cut": "k ah1 t", "call": "k ao1 l", "tax": "t ae1 k s", "tell": "t eh1 l",
}  # fmt: skip


@pytest.fixture(scope="module")
def tree():
    return learnt([(word, tuple(phones.split())) for word, phones in WORDS.items()] * 3)


def test_contexts_tell_what_a_letter_becomes(tree):
    for word, phones in WORDS.items():
        assert " ".join(pronounced(word, tree)) == phones
    assert pronounced("cax", tree)[-2:] == ("k", "s")


def test_letters_and_phones_come_together():
    scores = {"c": {("k",): 0.0}, "a": {("ae1",): 0.0}, "x": {("k", "s"): 0.0}}
    phones = ("k", "ae1", "k", "s")
    assert aligned("cax", phones, scores) == [("k",), ("ae1",), ("k", "s")]
    assert aligned("x", ("k", "s", "t"), scores) == []


def test_a_packed_tree_is_the_same(tree):
    assert unpacked(lzma.decompress(packed(tree)).decode()) == tree


def test_words_of_a_dictionary():
    assert words_of(["cat k ae1 t|k ae2 t", "it's ih1 t s"]) == [("cat", ("k", "ae1", "t"))]


def test_the_shipped_tree_has_few_phones_wrong():
    """Common words, which it has learnt: it may be wrong where letters do not tell."""
    words = "machine window garden telephone butterfly mountain yellow computer station river"
    wrong = length = 0
    for word in words.split():
        known = [plain(phone) for phone in dictionary()(word)[0]]
        edits = count_edits(known, [plain(phone) for phone in pronounced(word, letters())])
        wrong, length = wrong + edits.errors, length + edits.length
    assert wrong / length < 0.15


@pytest.mark.parametrize("word", ["zyxquab", "a", "schtroumpf", "xenolith"])
def test_one_vowel_is_stressed_first_of_all(word):
    phones = pronounced(word, letters())
    assert {plain(phone) for phone in phones} <= set(SYMBOLS)
    assert sum(phone.endswith("1") for phone in phones) == 1
