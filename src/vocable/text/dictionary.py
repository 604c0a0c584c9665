"""How words are pronounced: CMUdict, packed, which is 135 000 pronunciations of American English.

The data are those of the Carnegie Mellon Pronouncing Dictionary, under the terms in
`cmudict.LICENSE`. A line of the packed text is `word phones|phones …`, in order of the words.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from vocable.text.phones import Pronunciation, plain

_FILE = Path(__file__).with_name("cmudict.xz")
_HISSES = {"s", "z", "sh", "zh", "ch", "jh"}
_VOICELESS = {"p", "t", "k", "f", "th"}


class Dictionary:
    """Pronunciations of words in lower case, the usual one first."""

    def __init__(self, lines: str) -> None:
        self._lines = dict(line.split(" ", 1) for line in lines.splitlines())

    def __call__(self, word: str) -> tuple[Pronunciation, ...]:
        """Return the pronunciations of a word, none where it is unknown.

        What ends in 's is made of the word before it, where it has no entry itself.
        """
        if found := self._entry(word):
            return found
        if word.endswith("'s"):
            return tuple((*each, *_genitive(each)) for each in self._entry(word[:-2]))
        return ()

    def _entry(self, word: str) -> tuple[Pronunciation, ...]:
        line = self._lines.get(word, "")
        return tuple(tuple(each.split()) for each in line.split("|") if each)


@cache
def dictionary() -> Dictionary:
    """Return the dictionary that comes with vocable."""
    return Dictionary(lzma.decompress(_FILE.read_bytes()).decode("ascii"))


def pack(lines: Iterable[str]) -> bytes:
    """Return the packed form of cmudict.dict: `word(2) P H ONES # comment` a line."""
    entries: dict[str, list[str]] = {}
    for line in lines:
        word, _, phones = line.partition("#")[0].strip().partition(" ")
        if phones:
            entries.setdefault(word.partition("(")[0], []).append(phones.lower())
    text = "\n".join(f"{word} {'|'.join(found)}" for word, found in sorted(entries.items()))
    return lzma.compress(text.encode("ascii"), preset=9 | lzma.PRESET_EXTREME)


def _genitive(pronunciation: Pronunciation) -> Pronunciation:
    last = plain(pronunciation[-1])
    if last in _HISSES:
        return "ih0", "z"
    return ("s",) if last in _VOICELESS else ("z",)
