"""The dictionary that comes with vocable, and how it is packed."""

import lzma

from vocable.text.dictionary import Dictionary, dictionary, pack
from vocable.text.phones import STRESSES, SYMBOLS, VOWELS, plain, word_rows


def test_words_as_cmudict_has_them():
    assert dictionary()("hello")[0] == ("hh", "ah0", "l", "ow1")
    assert {"r", "iy1", "d"} in [set(each) for each in dictionary()("read")]
    assert dictionary()("xqzt") == () == dictionary()("")


def test_every_phone_is_a_symbol_and_vowels_alone_are_stressed():
    for word in ("zoology", "measure", "joyful", "thing", "church", "house", "yes", "the"):
        for each in dictionary()(word):
            assert {plain(phone) for phone in each} <= set(SYMBOLS)
            assert all((plain(phone) in VOWELS) == (phone != plain(phone)) for phone in each)
            assert max(stress for _, stress, _ in word_rows(each)) < STRESSES


def test_genitives_are_made_of_their_words():
    known = Dictionary("rose r ow1 z\ncat k ae1 t\ndog d ao1 g")
    assert known("rose's") == (("r", "ow1", "z", "ih0", "z"),)
    assert known("cat's") == (("k", "ae1", "t", "s"),)
    assert known("dog's") == (("d", "ao1", "g", "z"),)
    assert known("cow's") == ()


def test_packed_lines_are_found_again():
    lines = ["b B IY1", "a AH0", "a(2) EY1 # the letter", ";;; "]
    known = Dictionary(lzma.decompress(pack(lines)).decode())
    assert known("a") == (("ah0",), ("ey1",)) and known("b") == (("b", "iy1"),)


def test_places_in_words():
    assert [place for _, _, place in word_rows(("ay1",))] == [1]
    assert [place for _, _, place in word_rows(("k", "ae1", "t"))] == [2, 3, 4]
