"""From a text to symbols: what is to be said of it."""

from __future__ import annotations

import numpy as np

from vocable.errors import TokenError
from vocable.text.languages import language as _language
from vocable.text.normal import normalised
from vocable.text.phones import BEGIN, Spoken, pause_row, word_rows
from vocable.text.words import words_and_marks


def spoken(text: str, language: str = "en") -> Spoken:
    """Return the symbols of a text in English ("en") or German ("de").

    Numbers, dates and abbreviations become words (`normalised`). TokenError for a text without
    any word, and for another language.
    """
    words = words_and_marks(normalised(text, language))
    if not words:
        raise TokenError(f"there are no words to say in {text[:60]!r}")
    rows, pronounce = [pause_row(BEGIN)], _language(language).pronounce
    for word, mark in words:
        rows += word_rows(pronounce(word))
        rows += [pause_row(mark)] if mark else []
    return Spoken(np.array(rows, np.uint8))
