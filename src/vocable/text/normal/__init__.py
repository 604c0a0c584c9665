"""From written text to words that can be said: numbers, dates, signs, abbreviations, markup.

A language is a row of steps, each a function from text to text: what is longer or more certain is
read first (an address, a date), single numbers and signs at the end. Each step leaves words behind,
which no later one takes for something else.
"""

from __future__ import annotations

from collections.abc import Callable

from vocable.errors import TokenError
from vocable.text.normal.clean import cleaned
from vocable.text.normal.markup import without_markup

LANGUAGES = ("en", "de")


def normalised(text: str, language: str = "en") -> str:
    """Return a text in words: letters, apostrophes and hyphens within them, and one mark behind.

    Letters are a to z, in German ä ö ü ß as well. Marks are . ? ! , ; : ... and a dash between
    spaces; an empty line parts paragraphs. Emoji, other scripts and markup, SSML among it, leave
    nothing. What is normalised already stays as it is. TokenError for an unknown language.
    """
    steps = _steps(language)
    text = cleaned(without_markup(text))
    while (words := _through(steps, text)) != text:  # what is left out may join an abbreviation
        text = words
    return text


def _through(steps: tuple[Callable[[str], str], ...], text: str) -> str:
    for step in steps:
        text = step(text)
    return text


def _steps(language: str) -> tuple[Callable[[str], str], ...]:
    """Return the steps of a language, of which only those in use are loaded."""
    if language == "en":
        from vocable.text.normal import en

        return en.STEPS
    if language == "de":
        from vocable.text.normal import de

        return de.STEPS
    raise TokenError(f"texts are said in {' or '.join(LANGUAGES)}, not in {language!r}")
