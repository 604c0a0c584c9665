"""Numbers in words, against num2words; where its style is another one, that is undone here."""

import random

import pytest
from num2words import num2words

from vocable.text.normal.de.numbers import cardinal as german
from vocable.text.normal.de.numbers import ordinal as german_ordinal
from vocable.text.normal.de.numbers import year as german_year
from vocable.text.normal.en.numbers import NUMERALS, cardinal, ordinal, year

NUMBERS = [*range(120), *(10**power for power in range(2, 16))] + [
    random.Random(power).randrange(10**power) for power in range(2, 19) for _ in range(12)
]
YEARS = [*range(1000, 2100, 7), 1900, 1901, 1905, 1999, 2000, 2005, 2009, 2010, 2026]


def american(words):
    """Return British words without "and", without commas, and "oh" apart: "nineteen oh five"."""
    return words.replace(" and ", " ").replace(",", "").replace("oh-", "oh ")


def german_inside(words):
    """Return words in which a hundred and one of something does not end in "s".

    num2words 0.5.14 has "sechshunderteinstausend", and "einshundert" in years.
    """
    for scale in ("tausend", "hundert", " Mill", " Bill", " mill", " bill"):
        words = words.replace(f"eins{scale}", f"ein{scale}")
    return words


@pytest.mark.parametrize("number", NUMBERS)
def test_english(number):
    assert cardinal(number) == american(num2words(number))
    assert ordinal(number) == american(num2words(number, to="ordinal"))


@pytest.mark.parametrize("number", NUMBERS)
def test_german(number):
    wanted = german_inside(num2words(number, lang="de"))
    assert german(number) == wanted
    wanted = german_inside(num2words(number, lang="de", to="ordinal"))
    assert german_ordinal(number).lower() == wanted.lower()


@pytest.mark.parametrize("number", YEARS)
def test_years(number):
    assert year(number) == american(num2words(number, to="year"))
    assert german_year(number) == german_inside(num2words(number, lang="de", to="year"))


@pytest.mark.parametrize(
    ("ending", "word"), [("e", "dritte"), ("en", "dritten"), ("es", "drittes")]
)
def test_endings(ending, word):
    assert german_ordinal(3, ending) == word


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("1,234.50", "one thousand two hundred thirty-four point five zero"),
        ("-7", "minus seven"),
        ("007", "zero zero seven"),
        ("1" + "0" * 18, " ".join(["one", *["zero"] * 18])),
    ],
)
def test_as_written(written, words):
    assert NUMERALS(written) == words


def test_one_before_german_millions_is_one_of_them():
    assert german(501_000_000) == "fünfhunderteine Millionen"
    assert german(1_000_001) == "eine Million eins"
    assert german(21_000_000) == "einundzwanzig Millionen"
