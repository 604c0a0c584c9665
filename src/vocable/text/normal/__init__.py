"""From written text to words that can be said: numbers, dates, signs, abbreviations, markup.

A language is a row of steps, each a function from text to text: what is longer or more certain is
read first (an address, a date), single numbers and signs at the end. Each step leaves words behind,
which no later one takes for something else.
"""

from __future__ import annotations

from vocable.text.languages import language as _language
from vocable.text.normal.clean import cleaned
from vocable.text.normal.markup import without_markup


def normalised(text: str, language: str = "en") -> str:
    """Return a text in words: letters, apostrophes and hyphens within them, and one mark behind.

    language: "en" or "de"; TokenError for others. Letters are a to z, in German ä ö ü ß as well.
    Marks are . ? ! , ; : ... and a dash between spaces; an empty line parts paragraphs. Emoji,
    other scripts and markup, SSML among it, leave nothing. What is normalised stays as it is.
    """
    steps = _language(language).steps
    before, text = "", cleaned(without_markup(text))
    while before != text:  # what one round leaves out may join the parts of an abbreviation
        before = text
        for step in steps:
            text = step(text)
    return text
