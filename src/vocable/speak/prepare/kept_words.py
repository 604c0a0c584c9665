"""Which words of a corrected text are still those that were heard: they keep their times.

`correct_page/words.js` says the same to whoever corrects.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from vocable.speak.prepare.set import TimedWord

# Scripts without spaces between words, whose letters stand for themselves: Thai and Lao, Burmese,
# Khmer, kana, Han.
_ALONE = (
    *((0xE00, 0xEFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF)),
    *((0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
)


def kept_words(words: Sequence[TimedWord], text: str) -> list[TimedWord]:
    """Return the heard words that a text still has, in order; `word` is how the text writes them.

    Capitals and what stands around a word (commas, quotes) do not make it another one.
    """
    there = list(_pieces(text))
    spoken = [[key for key, _, _ in _pieces(word.word)] for word in words]
    places = _places([key for keys in spoken for key in keys], [key for key, _, _ in there])
    kept, at = list[TimedWord](), 0
    for word, keys in zip(words, spoken, strict=True):
        found = [places.get(n) for n in range(at, at + len(keys))]
        at += len(keys)
        first = found[0] if found else None
        if first is not None and found == list(range(first, first + len(found))):
            begin, end = there[first][1], there[first + len(found) - 1][2]
            kept.append(replace(word, word=_with_marks(text, begin, end)))
    return kept


def _places(spoken: list[str], there: list[str]) -> dict[int, int]:
    """Return for heard pieces where they are among those of the text."""
    blocks = SequenceMatcher(None, spoken, there, autojunk=False).get_matching_blocks()
    return {a + n: b + n for a, b, size in blocks for n in range(size)}


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the runs of letters and digits of a text: in lower case, and from where to where."""
    for (kind, _), run in itertools.groupby(enumerate(text), lambda at: _kind(*at)):
        if kind:
            letters = list(run)
            key = "".join(letter for _, letter in letters)
            yield unicodedata.normalize("NFC", key.lower()), letters[0][0], letters[-1][0] + 1


def _kind(at: int, letter: str) -> tuple[bool, int]:
    """Return whether it is part of a word, and what it shares with the letters of its run only."""
    alone = any(low <= ord(letter) <= high for low, high in _ALONE)
    return unicodedata.category(letter)[0] in "LMN", at if alone else -1


def _with_marks(text: str, begin: int, end: int) -> str:
    """Return a word with what is written to it: from the space before to the space after."""
    if any(low <= ord(text[begin]) <= high for low, high in _ALONE):
        return text[begin:end]
    while begin and not text[begin - 1].isspace() and not _kind(0, text[begin - 1])[0]:
        begin -= 1
    while end < len(text) and not text[end].isspace() and not _kind(0, text[end])[0]:
        end += 1
    return text[begin:end]
