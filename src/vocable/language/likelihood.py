"""How likely a recording is by a model of its tokens, to choose between two of them.

All codes that a model foretells count, of all its levels; that the recording ends does not, since
n-grams and models that see both sides do not foretell it. What is given (semantic tokens for the
coarse stage) does not count either.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch

from vocable.errors import TokenError
from vocable.language.lessons import Asked, Learns, Lessons
from vocable.language.ngrams import NGrams
from vocable.tokens import AudioTokens, TokenSpec

_NATS = math.log(2)


@runtime_checkable
class Reads(Learns, Protocol):
    """A network that knows how likely tracks are by themselves, without a text."""

    @property
    def reads(self) -> dict[str, TokenSpec]:
        """The tracks that it reads, and what their tokens are."""
        ...


@dataclass(frozen=True)
class Likely:
    """What some tokens cost: their nats, minus the log of their probability, and their number."""

    nats: float
    count: int


@dataclass(frozen=True, eq=False)
class NetworkLikelihood:
    """By a network that was trained at home; it is put in evaluation mode.

    name: what errors call it.
    """

    name: str
    network: Reads

    def __post_init__(self) -> None:
        assert isinstance(self.network, torch.nn.Module)
        self.network.eval()

    @property
    def reads(self) -> dict[str, TokenSpec]:
        """The tracks that it reads, and what their tokens are."""
        return self.network.reads

    @torch.inference_mode()
    def __call__(self, tracks: Mapping[str, AudioTokens]) -> Likely:
        """Return what a whole recording costs. TokenError where it does not fit the context."""
        network = self.network
        lesson, context = network.lesson(tracks), network.config.trunk.context
        if len(lesson) - 1 > context:
            raise TokenError(
                f"{self.name} sees {context} positions, and this recording takes "
                f"{len(lesson) - 1}; cut it shorter"
            )
        assert isinstance(network, torch.nn.Module)
        told = network.nats(Lessons.of([lesson]).to(next(network.parameters()).device))
        codes = told.levels != network.asked.end
        return Likely(float(told.nats[codes].double().sum()), int(codes.sum()))


@dataclass(frozen=True, eq=False)
class NGramLikelihood:
    """By n-grams of what a network is asked for, `target_of` its track; spec: of its tokens."""

    counted: NGrams
    asked: Asked
    spec: TokenSpec
    order: int

    @property
    def reads(self) -> dict[str, TokenSpec]:
        """The track that it reads, and what its tokens are."""
        return {self.asked.track: self.spec}

    def __call__(self, tracks: Mapping[str, AudioTokens]) -> Likely:
        """Return what a whole recording costs. TokenError for tokens of another space."""
        tokens, asked = tracks[self.asked.track], self.asked
        if not tokens.spec.same_codes(self.spec):
            raise TokenError(
                f"{asked.track} is of {tokens.spec.space}, n-grams were counted of "
                f"{self.spec.space}"
            )
        bits = self.counted.bits(target_of(tokens, asked), self.order)[asked.first : asked.last]
        nats = sum(float(each.sum()) for each in bits) * _NATS
        return Likely(nats, sum(map(len, bits)))


def target_of(tokens: AudioTokens, asked: Asked) -> AudioTokens:
    """Return the first `asked.last` levels of a track, equal neighbours joined if they are there.

    Where so many levels are not a prefix, the fewest that hold them.
    """
    enough = min(each for each in tokens.spec.prefixes if each >= asked.last)
    found = tokens.first(enough) if enough < tokens.levels else tokens
    return found.dedup() if asked.dedup else found
