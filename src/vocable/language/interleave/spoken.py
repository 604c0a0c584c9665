"""Tokens of a recording with the words that are said in it, and which frames each word has.

A frame belongs to the last word that has begun at its middle; those before any word, to the first.
So every frame has one word: the silence behind a word goes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Int64

from vocable.errors import TokenError
from vocable.tokens import AudioTokens


@dataclass(frozen=True, eq=False)
class SpokenWords:
    """A recording's tokens and its words.

    tokens  of one stream, with durations or without
    words   begin, end, word: in seconds of the recording, in order, none over another
    edges   the frame at which each word begins, and behind them the number of frames

    Times are taken to the nearest sample of `tokens.spec.rate`. TokenError for words that overlap,
    that are empty, or that end more than a frame behind the tokens.
    """

    tokens: AudioTokens
    words: Sequence[tuple[float, float, str]]
    edges: Int64[np.ndarray, " edges"] = field(init=False)

    def __post_init__(self) -> None:
        put = object.__setattr__  # the class is frozen
        put(self, "words", tuple((begin, end, word.strip()) for begin, end, word in self.words))
        _check(self.words, self.tokens)
        put(self, "edges", _edges([begin for begin, _, _ in self.words], self.tokens))

    def __len__(self) -> int:
        return len(self.words)

    def text(self, first: int, last: int) -> str:
        """Return the words from `first` up to `last`, a space between two."""
        return " ".join(word for _, _, word in self.words[first:last])

    def units(self, first: int, last: int) -> AudioTokens:
        """Return the tokens of the words from `first` up to `last`.

        A run that lasts across their edge is cut there.
        """
        return self.tokens[int(self.edges[first]) : int(self.edges[last])]

    @property
    def switches(self) -> list[int]:
        """The words before which a span may end, so that all spans have frames.

        A word that is over before its first frame's middle shares the frames of the next one.
        """
        edges = self.edges
        return [k for k in range(1, len(self)) if edges[k - 1] < edges[k] < edges[-1]]


def _edges(begins: Sequence[float], tokens: AudioTokens) -> np.ndarray:
    """Return the first frame whose middle is not before each begin, where all levels begin.

    That of the first word is 0.
    """
    spec = tokens.spec
    length, hop = spec.window or spec.frame, spec.frame
    samples = [round(begin * spec.rate) for begin in begins]
    frames = [-(-(2 * each - length) // (2 * hop)) for each in samples]
    whole = [-(-max(0, each) // spec.step) * spec.step for each in frames]
    return np.array([0, *np.minimum(whole[1:], tokens.frames), tokens.frames], np.int64)


def _check(words: Sequence[tuple[float, float, str]], tokens: AudioTokens) -> None:
    if not words:
        raise TokenError("there are no words; leave the recording out, or align its text")
    spec = tokens.spec
    most = float(tokens.seconds) + (spec.window or spec.frame) / spec.rate
    before, half = 0.0, 0.5 / spec.rate
    for number, (begin, end, word) in enumerate(words):
        if not word:
            raise TokenError(f"word {number}, at {begin:.3f} s, is empty; leave it out")
        if not begin <= end:
            raise TokenError(
                f'word {number}, "{word}", begins at {begin:.3f} s and ends at {end:.3f} s'
            )
        if begin < before - half:
            where = "the one before it ends" if number else "the recording begins"
            raise TokenError(
                f'word {number}, "{word}", begins at {begin:.3f} s, before {before:.3f} s, where '
                f"{where}; give words in order, none over another"
            )
        if end > most:
            raise TokenError(
                f'word {number}, "{word}", ends at {end:.3f} s, and the tokens after '
                f"{float(tokens.seconds):.3f} s; they are of another recording, or cut"
            )
        before = end
