"""Say what the tokens of a set of recordings cost, and how each level is used.

Counts are of the whole set: a mean over recordings would call entries unused that short recordings
have no room for. How many tokens they need depends on the size of the codebook: to see each of K
equally used entries once takes about K (ln K + 0.58) tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Int64

from vocable.errors import MeasureError
from vocable.measures.tokens import (
    chance_agreement,
    count_codes,
    count_runs,
    entropy,
    entropy_bias,
    perplexity,
    used_share,
)
from vocable.tokens import AudioTokens, TokenSpec, coded_bytes
from vocable.tokens.spec_parts import AnyLevel

LanguageBits = Callable[[AudioTokens], float]
"""What a language model needs for the tokens of one recording: -log2 of their probability, bit."""


@dataclass(frozen=True)
class LevelUse:
    """How one level is used: `counts` of each entry, and the `runs` of equal tokens."""

    level: AnyLevel
    counts: Int64[np.ndarray, "entries"]
    runs: int

    @property
    def tokens(self) -> int:
        """Tokens that were counted."""
        return int(self.counts.sum())

    @property
    def used(self) -> float:
        """The share of entries that occur at all, 0 to 1."""
        return used_share(self.counts)

    @property
    def perplexity(self) -> float:
        """How many equally used entries would carry as much."""
        return perplexity(self.counts)

    @property
    def entropy(self) -> float:
        """Bit per token, if each is coded by itself."""
        return entropy(self.counts)

    @property
    def entropy_bias(self) -> float:
        """Bit by which the entropy is expected to be too low, at least."""
        return entropy_bias(self.counts)

    @property
    def repeat_rate(self) -> float:
        """The share of tokens that repeat the one before them."""
        return 1 - self.runs / self.tokens

    @property
    def chance_agreement(self) -> float:
        """The share of equal tokens of two unrelated recordings."""
        return chance_agreement(self.counts)


@dataclass(frozen=True)
class Bitrates:
    """Bit per second of frames, all levels and streams together, counted in four ways.

    nominal     log2 of each codebook's size, as `AudioTokens.bitrate`
    entropy     what coding each token by itself takes at least, by its level's frequencies in
                this set (order 0)
    coded       what the codes take in vocable's token files, tables that files bring included
    language    what a language model that predicts them takes; None where none was asked
    """

    nominal: float
    entropy: float
    coded: float
    language: float | None = None


@dataclass(frozen=True)
class TokenUse:
    """What a set of recordings costs in tokens, and how each level is used."""

    spec: TokenSpec
    recordings: int
    seconds: Fraction  # of the recordings
    levels: tuple[LevelUse, ...]
    bitrates: Bitrates


def token_use(
    recordings: Iterable[AudioTokens], language_bits: LanguageBits | None = None
) -> TokenUse:
    """Count the tokens of recordings of one spec, all with as many levels.

    language_bits: what a language model needs for one recording's tokens. Raises MeasureError for
    no tokens, and for tokens of different specs or levels.
    """
    whole: _Tally | None = None
    for tokens in recordings:
        whole = whole or _Tally.start(tokens)
        whole.add(tokens, language_bits)
    if whole is None or not whole.lasting:
        raise MeasureError("use of tokens needs recordings that have some, got none")
    return whole.result(language_bits is not None)


@dataclass
class _Tally:
    spec: TokenSpec
    counts: list[np.ndarray]
    runs: list[int]
    recordings: int = 0
    seconds: Fraction = Fraction(0)
    lasting: Fraction = Fraction(0)  # seconds of all frames, the last of each recording whole
    coded: float = 0.0
    language: float = 0.0

    @classmethod
    def start(cls, tokens: AudioTokens) -> _Tally:
        sizes = [level.size for level in tokens.spec.levels[: tokens.levels]]
        return cls(tokens.spec, [np.zeros(n, np.int64) for n in sizes], [0] * len(sizes))

    def add(self, tokens: AudioTokens, language_bits: LanguageBits | None) -> None:
        if not self.spec.same_codes(tokens.spec) or tokens.levels != len(self.counts):
            raise MeasureError(
                f"tokens are {tokens.levels} levels of {tokens.spec.space}, those before them "
                f"{len(self.counts)} of {self.spec.space}; count each by itself"
            )
        for k, codes in enumerate(tokens.stacks):
            self.counts[k] += count_codes(codes, len(self.counts[k]))
            self.runs[k] += count_runs(codes)
        self.recordings += 1
        self.seconds += tokens.seconds
        self.lasting += tokens.spec.seconds(tokens.frames)
        self.coded += 8 * coded_bytes(tokens)
        self.language += language_bits(tokens) if language_bits else 0.0

    def result(self, with_language: bool) -> TokenUse:
        found = zip(self.spec.levels, self.counts, self.runs, strict=False)
        levels = tuple(LevelUse(*each) for each in found)
        nominal = sum(each.tokens * float(each.level.bits) for each in levels)
        least = sum(each.tokens * each.entropy for each in levels)
        bits = (nominal, least, self.coded, *([self.language] if with_language else []))
        rates = Bitrates(*(each / float(self.lasting) for each in bits))
        return TokenUse(self.spec, self.recordings, self.seconds, levels, rates)
