"""Say how well each level of tokens tells phones apart, over recordings with known phones."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from vocable.errors import MeasureError
from vocable.evaluate.recording import Recording, Refusal, attempt, check_some
from vocable.evaluate.stability import Tokenizes
from vocable.measures.phones import (
    cluster_purity,
    count_pairs,
    labels_at,
    phone_purity,
    pnmi,
    shuffled,
)
from vocable.tokens import AudioTokens

_Pair = tuple[np.ndarray, np.ndarray]  # a label and a code for each token


@dataclass(frozen=True)
class PhonesOfLevel:
    """How often each phone goes with each entry of one level, `counts` `[phones, entries]`."""

    level: int
    counts: Int64[np.ndarray, "phones entries"]

    @property
    def tokens(self) -> int:
        """Tokens that have a phone."""
        return int(self.counts.sum())

    @property
    def phone_purity(self) -> float:
        """How often the phone is guessed right from the code."""
        return phone_purity(self.counts)

    @property
    def cluster_purity(self) -> float:
        """How often the code is guessed right from the phone."""
        return cluster_purity(self.counts)

    @property
    def pnmi(self) -> float:
        """The share of the phones' entropy that the codes tell."""
        return pnmi(self.counts)

    def shuffled(self, seed: int = 0) -> PhonesOfLevel:
        """Return the same with phones and codes drawn together at random: the baseline."""
        return PhonesOfLevel(self.level, shuffled(self.counts, seed))


@dataclass(frozen=True)
class PhonesTold:
    """What each level tells of phones; `scored` recordings, and the `refusals` of the others."""

    levels: tuple[PhonesOfLevel, ...]
    scored: int
    refusals: tuple[Refusal, ...]


def phones_told(
    tokenizer: Tokenizes, recordings: Iterable[Recording], without: Collection[str] = ()
) -> PhonesTold:
    """Return how phones and tokens go together, each token with the phone at its middle.

    without: labels that do not count, say those of silence; including silence raises all figures.
    Beside them belong `shuffled()` of each level, and the same of a tokenizer with
    `random_weights`: what is told without having been learnt.
    """
    refusals: list[Refusal] = []
    found = [
        pairs for _, pairs in attempt(recordings, lambda one: _pairs(tokenizer, one), refusals)
    ]
    check_some(found, refusals)
    if len({sizes for sizes, _ in found}) > 1:
        raise MeasureError("recordings gave tokens of different levels; judge each by itself")
    levels = []
    for k, size in enumerate(found[0][0]):
        labels = np.concatenate([pairs[k][0] for _, pairs in found])
        codes = np.concatenate([pairs[k][1] for _, pairs in found])
        labels = np.where(np.isin(labels, list(without)), "", labels)
        levels.append(PhonesOfLevel(k, count_pairs(labels, codes, size)))
    return PhonesTold(tuple(levels), len(found), tuple(refusals))


def token_times(tokens: AudioTokens, level: int) -> Float64[np.ndarray, "tokens"]:
    """Return the middle of each token of a level in seconds, from the spans of its frames."""
    if tokens.durations is not None:
        raise MeasureError("tokens with durations have no even times; take those before dedup")
    spec, stride = tokens.spec, tokens.spec.levels[level].stride
    firsts = range(0, tokens.stacks[level].shape[1] * stride, stride)
    edges = [(spec.span(n).start, spec.span(n + stride - 1).stop) for n in firsts]
    doubled: np.ndarray = np.array(edges, np.float64).reshape(-1, 2).sum(axis=1)
    return doubled / (2 * spec.rate)


def _pairs(tokenizer: Tokenizes, recording: Recording) -> tuple[tuple[int, ...], list[_Pair]]:
    """Return the sizes of the levels, and for each the labels and the codes of its tokens."""
    if not recording.phones:
        raise MeasureError("nothing says which phones it has")
    tokens = tokenizer.encode(recording.sound)
    if tokens.streams != 1:
        raise MeasureError(f"phones need tokens of one stream, got {tokens.streams}; mix channels")
    found = [
        (labels_at(recording.phones, token_times(tokens, k)), codes[0])
        for k, codes in enumerate(tokens.stacks)
    ]
    return tuple(level.size for level in tokens.spec.levels[: tokens.levels]), found
