"""What is said of a text."""

import pytest

from vocable.errors import TokenError
from vocable.text.dictionary import dictionary
from vocable.text.english import pronounce_english as pronounce
from vocable.text.spoken import spoken


def test_words_between_marks():
    found = spoken("The cat, yes?")
    assert " ".join(found.names) == "^ dh ah k ae t , y eh s ?"
    assert len(found) == 11 and found.rows.shape == (11, 3)


def test_a_compound_is_made_of_its_parts():
    parts = [dictionary()(each)[0] for each in ("tape", "worm")]
    assert not dictionary()("tapeworm")
    assert pronounce("tapeworm") == (*parts[0], *parts[1])


def test_what_has_no_vowel_is_spelled():
    assert pronounce("qxr") == (
        *("k", "y", "uw1"), *("eh1", "k", "s"), *("aa1", "r")
    )  # fmt: skip


def test_other_words_are_pronounced_by_their_letters():
    assert pronounce("blorpify") == (
        *("b", "l", "ao1", "r", "p", "ah0", "f", "ay2"),
    )  # fmt: skip
    assert pronounce("glimp's")[:4] == ("g", "l", "ih1", "m")


@pytest.mark.parametrize("text", ["", "  ", "🙂", "…", "<b></b>"])
def test_a_text_without_words_is_refused(text):
    with pytest.raises(TokenError, match="there are no words to say"):
        spoken(text)


def test_numbers_and_dates_are_words():
    assert spoken("It costs $5.50.").names == spoken("It costs five dollars and fifty cents.").names
    assert spoken("Am 3. Mai", "de").names == spoken("Am dritten Mai", "de").names
