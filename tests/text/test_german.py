"""German words as sounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocable.text.german import german
from vocable.text.phones import STRESSES, SYMBOLS, VOWELS, plain, word_rows

# Sounds as the Duden has them, in the names of SYMBOLS, by hand.
SPOKEN = """
die d iy1|mutter m uh1 t ar0|amina aa1 m iy0 n aa0|hieß hh iy1 s|straße sh t rr aa1 s ax0
übertragung ue1 b ar0 t rr aa2 g uh0 ng|verschleiern f eh0 ar0 sh l ay1 ar0 n|sagt z aa1 k t
lebte l ee1 p t ax0|wenig v ee1 n ih0 cx|könige k oe1 n iy0 g ax0|schön sh oe1 n|spät sh p ea1 t
können k oq1 n ax0 n|hütte hh uy1 t ax0|nächte n eh1 cx t ax0|dach d a1 x|bauch b aw1 x
aussprechen aw1 s sh p rr eh2 cx ax0 n|milch m ih1 l cx|wachsen v a1 k s ax0 n|fuchs f uh1 k s
quelle k v eh1 l ax0|singen z ih1 ng ax0 n|bank b a1 ng k|nation n aa0 t s y oo1 n
universität uw0 n iy0 v ar0 z iy0 t ea1 t|diskutieren d ih0 s k uw0 t iy1 rr ax0 n
weihnachten v ay1 n a0 x t ax0 n|besen b ee1 z ax0 n|betrug b ax0 t rr uw1 k|uhr uw1 ar0
leben l ee1 b ax0 n|ausgesaugt aw1 s g ax0 z aw2 k t|menschen m eh1 n sh ax0 n|vier f iy1 ar0
gestalten g ax0 sh t a1 l t ax0 n|mittag m ih1 t aa2 k|deutsch d oy1 ch|jahre y aa1 rr ax0
kommission k ao0 m ih0 s y oo1 n|ich ih1 cx|noch n ao1 x|höchste hh oe1 cx s t ax0
pfanne p f a1 n ax0
einundzwanzig ay1 n uh0 n t s v a2 n t s ih0 cx|sechzehnte z eh1 cx t s ee2 n t ax0
dreißig d rr ay1 s ih0 cx
zweitausendsieben t s v ay1 t aw2 z ax0 n t z iy2 b ax0 n|einer ay1 n ar0
""".strip().replace("\n", "|")


@pytest.mark.parametrize("entry", SPOKEN.split("|"))
def test_words_are_spoken_as_germans_do(entry):
    word, _, spoken = entry.partition(" ")
    assert " ".join(german(word)) == spoken


def test_letters_have_their_names():
    assert german("v") == ("f", "aw1")
    assert german("y") == ("uy1", "p", "s", "ih0", "l", "ao0", "n")


def test_what_has_no_vowel_is_no_word():
    assert german("xcv") == ()


@given(st.text("abcdefghijklmnopqrstuvwxyzäöüß", min_size=1, max_size=20))
def test_any_letters_become_known_sounds(word):
    found = german(word)
    assert {plain(each) for each in found} <= set(SYMBOLS)
    assert all(each[-1].isdigit() == (plain(each) in VOWELS) for each in found)
    assert sum(each.endswith("1") for each in found) <= 1
    assert all(row[1] < STRESSES for row in word_rows(found))
