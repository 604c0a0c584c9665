"""Words and the marks behind them."""

import pytest

from vocable.text.words import words_and_marks


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello", [("hello", ".")]),
        ("Hello, world!", [("hello", ","), ("world", "!")]),
        ("Is it? Yes.", [("is", ""), ("it", "?"), ("yes", ".")]),
        ("life-giving", [("life", ""), ("giving", ".")]),
        ("one -- two – three", [("one", ","), ("two", ","), ("three", ".")]),
        ("It’s the boys' turn", [("it's", ""), ("the", ""), ("boys", ""), ("turn", ".")]),
        ("what?!", [("what", "?")]),
        ("well... no", [("well", "."), ("no", ".")]),
        ("“Quoted” (aside) end;", [("quoted", ","), ("aside", ","), ("end", ".")]),
        ("… 12 %", []),
    ],
)
def test_words_and_marks(text, found):
    assert words_and_marks(text) == found
