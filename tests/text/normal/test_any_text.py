"""What holds for every text: no error, words and marks alone, and nothing more to do after once."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocable.errors import TokenError
from vocable.text.normal import normalised
from vocable.text.sentences import sentences

PARTS = (
    *("Dr.", "St.", "No.", "Nr.", "z. B.", "U.S.", "Ph.D.", "p.m.", "Uhr", "März", "March", "Mio."),
    *("3", "10", "1999", "3.5", "1,000", "1.000", "007", "5'11\"", "1/2", "½", "²", "XIV", "II."),
    *("$", "€", "%", "km/h", "°C", "m²", "kg", "#", "&", "@", "+", "=", "<", ">", "§", "~", "^"),
    *(".", ",", ":", "-", "–", "?", "(", ")", "'", '"', "…", "*", "_", "`", "[", "]", "|", "/"),
    *("<b>", "</b>", "&amp;", "www.", "x.com", "https://", "a@b.de", "der", "am", "A", "I", "B"),
    *("Henry", "Ludwig", "NASA", "IBM", "US", "CDs", "YouTube", "é", "ß", "Ä", "σ", "語", "😀"),
    *("\u200d", "\x00", "\n", "\n\n", "\u00a0", "1990s", "90er", "3rd", "3.", "+49 30 1234567"),
)
WORD = r"[a-zA-Zß{}]+(?:['-][a-zA-Zß{}]+)*'?"
LETTERS = {"en": "", "de": "äöüÄÖÜẞ"}
texts = st.one_of(
    st.text(),
    st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(["", " "])), max_size=8).map(
        lambda pairs: "".join(map("".join, pairs))
    ),
)


@pytest.mark.parametrize("language", LETTERS)
@given(text=texts)
@settings(max_examples=200, deadline=None)
def test_words_and_marks_alone(language, text):
    word = WORD.replace("{}", LETTERS[language])
    word = word if language == "de" else word.replace("ß", "")
    words = normalised(text, language)
    form = rf"(?:{word}(?:[.?!,;:]|\.\.\.)?(?: – |\n\n| |$))*"
    assert re.fullmatch(form, words)
    assert normalised(words, language) == words


@pytest.mark.parametrize("language", LETTERS)
@pytest.mark.parametrize("part", ["1", "1/", "a", "A.", " ", "....", "<", "am 3. "])
def test_time_grows_with_the_length_alone(language, part):
    text = part * (20_000 // len(part))
    start = time.process_time()
    normalised(text, language)
    sentences(text, language)
    assert time.process_time() - start < 4


def test_another_language_is_refused():
    with pytest.raises(TokenError, match="^texts are read in en and de, not in 'fr'$"):
        normalised("un", "fr")
