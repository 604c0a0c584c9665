"""Words with their times, as a recogniser gives them that can say when each was spoken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True)
class Word:
    """A word that was recognised; `text` begins with the space that stands before it, if one does.

    So the texts of all words, joined, are the whole text, in languages without spaces as well.
    """

    begin: float  # seconds
    end: float  # seconds
    text: str
    probability: float  # 0 to 1, by which a recogniser is sure of it

    def moved(self, seconds: float) -> Word:
        """Return the word so much later."""
        return replace(self, begin=self.begin + seconds, end=self.end + seconds)


@runtime_checkable
class WordRecogniser(Protocol):
    """What `vocable speak prepare` needs of a recogniser; it may be a `Recogniser` too.

    languages: the codes of those that it knows, as ("en",); empty where they are many.
    """

    @property
    def languages(self) -> tuple[str, ...]: ...

    def words(self, samples: Any, rate: int, language: str) -> tuple[Word, ...]:
        """Return the words of one channel of floats [samples], up to 30 s, in order."""
        ...

    def guess(self, samples: Any, rate: int) -> tuple[str, float] | None:
        """Return the language of one channel and how sure that is; None for one that knows one."""
        ...


def text_of(words: Iterable[Word]) -> str:
    """Return the text that words make, on one line."""
    return " ".join("".join(word.text for word in words).split())


def joined(words: Iterable[Word]) -> tuple[Word, ...]:
    """Return words with the pieces after a hyphen or an apostrophe joined to what they belong to.

    Whisper gives `orange` and `-green` apart, as it does the letters of languages without spaces,
    which are left apart.
    """
    whole: list[Word] = []
    for word in words:
        if whole and word.text and not (word.text[0].isspace() or word.text[0].isalnum()):
            last = whole.pop()
            sure = min(last.probability, word.probability)
            word = Word(last.begin, word.end, last.text + word.text, sure)
        whole.append(word)
    return tuple(whole)
