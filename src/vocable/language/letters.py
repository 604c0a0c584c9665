"""Texts as letters that a model tells apart, and letters as texts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from vocable.errors import ModelError, TokenError

ENGLISH = " 'abcdefghijklmnopqrstuvwxyz"
_DASHES = str.maketrans(dict.fromkeys("-–—", " "))


@dataclass(frozen=True)
class Letters:
    """An alphabet, the space among it where words are told apart; letter k has the id k + 1.

    0 is left to CTC, as no letter.
    """

    alphabet: str

    def __post_init__(self) -> None:
        if not self.alphabet or len(set(self.alphabet)) < len(self.alphabet):
            raise ModelError(f"an alphabet has each letter once, not {self.alphabet!r}")

    def ids(self, text: str) -> Int64[np.ndarray, " letters"]:
        """Return a text in small letters, dashes as spaces, other punctuation left out.

        TokenError for a letter or a digit that the alphabet lacks.
        """
        plain = text.lower().translate(_DASHES)
        kept = (
            each for each in plain
            if each in self.alphabet or unicodedata.category(each)[0] not in "PS"
        )  # fmt: skip
        written = " ".join("".join(kept).split())
        lacking = sorted(set(written) - set(self.alphabet))
        if lacking:
            raise TokenError(
                f"{text[:40]!r} has {', '.join(map(repr, lacking))}, which the model's letters "
                "lack; write it out, or train with letters that have it"
            )
        return np.array([self.alphabet.index(each) + 1 for each in written], np.int64)

    def text(self, ids: Iterable[int]) -> str:
        """Return ids as a text, one space between words."""
        return " ".join("".join(self.alphabet[int(each) - 1] for each in ids).split())
