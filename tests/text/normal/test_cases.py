"""Written texts and their words, by hand: `en.txt` and `de.txt`, a line each and then its words."""

from pathlib import Path

import pytest

from vocable.text.dictionary import dictionary
from vocable.text.english import pronounce_english
from vocable.text.normal import normalised
from vocable.text.spoken import spoken
from vocable.text.words import words_and_marks


def cases(language):
    text = Path(__file__).with_name(f"{language}.txt").read_text("utf-8")
    found = [block.splitlines() for block in text.strip().split("\n\n")]
    assert len(found) >= 80 and all(len(case) == 2 for case in found)
    return found


ENGLISH, GERMAN = cases("en"), cases("de")

# Words that the dictionary lacks. They are said by their parts or letters, as spoken.py does.
UNKNOWN = {
    *(
        "brulee",
        "cee",
        "lakenheath",
        "lodz",
        "rowling",
        "soren",
        "strasse",
    ),  # names, and words of other languages
    *("covid", "gigahertz", "megabits", "milliamp", "sc"),
}


@pytest.mark.parametrize(("written", "words"), ENGLISH)
def test_english(written, words):
    assert normalised(written) == words


@pytest.mark.parametrize(("written", "words"), GERMAN)
def test_german(written, words):
    assert normalised(written, "de") == words


def test_english_words_are_in_the_dictionary():
    words = {word for _, text in ENGLISH for word, _ in words_and_marks(text)}
    assert {word for word in words if not dictionary()(word)} == UNKNOWN
    assert all(pronounce_english(word) for word in words)


def test_from_a_written_text_to_phones():
    names = spoken(normalised("It costs $5.50")).names
    assert names == spoken("It costs five dollars and fifty cents").names


@pytest.mark.parametrize("text", ["", "😀", "...", "<b></b>", "漢字", "\x00"])
def test_nothing_to_say(text):
    assert normalised(text) == "" == normalised(text, "de")


def test_normalising_reads_no_dictionary(monkeypatch):
    def read():
        raise AssertionError("it is megabytes")

    monkeypatch.setattr("vocable.text.english.dictionary", read)
    monkeypatch.setattr("vocable.text.german.word._words", read)
    assert normalised("It costs $5.") == "It costs five dollars."
    assert normalised("Es kostet 5 €.", "de") == "Es kostet fünf Euro."
    with pytest.raises(AssertionError):
        spoken("It costs $5.")
