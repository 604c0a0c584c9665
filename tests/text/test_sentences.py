"""Texts of any length in sentences."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocable.errors import TokenError
from vocable.text.sentences import sentences


@pytest.mark.parametrize(
    "parts",
    [
        ["One.", "Two!", "Three?", "Four"],
        ["Dr. Smith met Mr. J. R. Tolkien at 5 p.m.", "He paid $5.50."],
        ["He lives in the U.S.", "The end."],
        ["The U.S. Army and Apple Inc. met."],
        ['"Really?" she asked.', '"Yes!"', "(He smiled.)", "Then... nothing."],
        ["He said: “Stop.”", "“Why?”", "Nobody knew."],
        ["See Fig. 3 on p. 5.", "It was 1999.", "Then 2000 came."],
        ["Wait... what?!", "No..."],
        ["1. Milk and bread.", "That is it."],
        ["e.g. apples, i.e. fruit, etc.", "We ate."],
        ["Version 3.11.2 is out.", "Go to example.com."],
        ["So it was (really).", "[Pause.]", "On."],
    ],
)
def test_english(parts):
    assert sentences(" ".join(parts)) == parts


@pytest.mark.parametrize(
    "parts",
    [
        [
            "Am 3. März kam Dr. Müller z. B. nach Berlin.",
            "Er blieb bis 14.30 Uhr usw.",
            "Dann nicht.",
        ],
        ["Es waren 3.", "Der Rest blieb."],
        ["„Was?“ fragte er.", "„Ja!“", "Sie lebte im 19. Jahrhundert."],
        ["Der Preis: ca. 3,50 €.", "Er stieg um 5 Mio. Euro."],
        ["Ludwig XIV. regierte.", "Es war gut."],
    ],
)
def test_german(parts):
    assert sentences(" ".join(parts), "de") == parts


def test_paragraphs_part_what_has_no_mark():
    assert sentences("A title\n\nThe text\ngoes on\n \nand ends") == [
        "A title",
        "The text goes on",
        "and ends",
    ]


def test_long_sentences_are_parted_at_marks():
    parts = sentences("When it had rained for days, the river rose, and nobody slept.", longest=40)
    assert parts == ["When it had rained for days,", "the river rose, and nobody slept."]
    assert sentences("word " * 1000) == [" ".join(["word"] * 40)] * 25


def test_a_word_that_is_longer_stays_whole():
    assert sentences("so " + "a" * 300 + " it is", longest=20) == ["so", "a" * 300, "it is"]


@pytest.mark.parametrize("text", ["", " \n\n "])
def test_nothing_to_say(text):
    assert sentences(text) == []


@given(
    text=st.one_of(
        st.text(),
        st.lists(st.sampled_from([*"Aa.!?,;:)(-…\"'“”«», \n ", "word", "Dr.", "3.", "U.S."])).map(
            "".join
        ),
    ),
    language=st.sampled_from(["en", "de"]),
    longest=st.integers(5, 60),
)
@settings(max_examples=200, deadline=None)
def test_every_word_is_there_once(text, language, longest):
    parts = sentences(text, language, longest)
    assert " ".join(parts).split() == text.split()
    assert len(parts) == 1 or all(map(words_of, parts))
    assert all(len(" ".join(words)) <= longest for words in map(words_of, parts) if len(words) > 1)


def words_of(part):
    """Return what can be said of a part: marks that stand alone go with what is beside them."""
    return [word for word in part.split() if any(map(str.isalnum, word))]


def test_another_language_is_refused():
    with pytest.raises(TokenError, match="^texts are read in en and de, not in 'fr'$"):
        sentences("Un. Deux.", "fr")
