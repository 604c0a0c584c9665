"""From words to symbols: what is to be said of a text."""

from __future__ import annotations

import numpy as np

from vocable.errors import TokenError
from vocable.text.languages import pronounce_in
from vocable.text.phones import BEGIN, Spoken, pause_row, word_rows
from vocable.text.words import words_and_marks


def spoken(text: str, language: str = "en") -> Spoken:
    """Return the symbols of a text in English ("en") or German ("de").

    Numbers, dates and abbreviations have to be words before. TokenError for a text without any
    word, and for another language.
    """
    pronounce, words = pronounce_in(language), words_and_marks(text)
    if not words:
        raise TokenError(f"there are no words to say in {text[:60]!r}; write numbers as words")
    rows = [pause_row(BEGIN)]
    for word, mark in words:
        rows += word_rows(pronounce(word))
        rows += [pause_row(mark)] if mark else []
    return Spoken(np.array(rows, np.uint8))
