"""Ask systems of pairs: each recording is encoded once, and each likelihood computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.evaluate.likelihood.accuracy import Accuracy, accuracies
from vocable.evaluate.likelihood.pairs import Pair
from vocable.evaluate.recording import Refusal, attempt
from vocable.tokens import AudioTokens

By: TypeAlias = Literal["mean", "sum"]
Tokens: TypeAlias = Mapping[str, AudioTokens]


@runtime_checkable
class Likely(Protocol):
    """What some tokens cost by a model: their nats, and how many they are."""

    @property
    def nats(self) -> float: ...

    @property
    def count(self) -> int: ...


Likelihood: TypeAlias = Callable[[Tokens], Likely]


@dataclass(frozen=True)
class System:
    """What is asked: likelihoods of parts of one whole, as AudioLM's stages, whose nats add up."""

    name: str
    likelihoods: tuple[Likelihood, ...]


@dataclass(frozen=True)
class Judged:
    """rows: by system. refusals: of pairs that could not be encoded, or judged by a system."""

    rows: tuple[Accuracy, ...]
    refusals: tuple[Refusal, ...]


def judge(
    pairs: Sequence[Pair],
    encode: Callable[[Audio], Tokens],
    systems: Sequence[System],
    *,
    by: By = "mean",
    progress: Callable[[float], None] | None = None,
) -> Judged:
    """Return how often each system finds the positive recording the more likely.

    encode: a recording to what likelihoods take. by: "sum" compares the log likelihoods of whole
    recordings, so that the longer one mostly loses; "mean" those of a token, as SALMon does for
    units without repetition. An item of which a pair fails is left out whole. MeasureError where
    nothing is left.
    """
    refusals: list[Refusal] = []
    right: dict[str, dict[int, float]] = {system.name: {} for system in systems}
    numbers = {pair: k for k, pair in enumerate(pairs)}
    for pair, both in attempt(_each(pairs, progress), partial(_encoded, encode=encode), refusals):
        own: list[Refusal] = []
        for system, found in attempt(systems, partial(_Known(both).right, by=by), own):
            right[system.name][numbers[pair]] = found
        refusals += [Refusal(f"{each.name}, {pair.name}", each.reason) for each in own]
    rows = []
    for name, answers in right.items():
        judged = _whole_items(pairs, answers)
        rows += accuracies(name, [pairs[k] for k in judged], list(judged.values()))
    if not rows:
        first = f"; the first of {len(refusals)} reasons: {refusals[0]}" if refusals else ""
        raise MeasureError(f"no pair could be judged{first}")
    return Judged(tuple(rows), tuple(refusals))


def _whole_items(pairs: Sequence[Pair], found: Mapping[int, float]) -> dict[int, float]:
    """Return what was found of items of which no pair is missing: half of a splice misleads."""
    broken = {(pair.part, pair.item) for k, pair in enumerate(pairs) if k not in found}
    return {k: each for k, each in found.items() if (pairs[k].part, pairs[k].item) not in broken}


class _Known:
    """The tokens of the two recordings of a pair, and what has been computed of them."""

    def __init__(self, both: tuple[Tokens, Tokens]) -> None:
        self._both = both
        self._found: dict[tuple[Likelihood, int], Likely] = {}

    def right(self, system: System, by: By) -> float:
        positive, negative = (self._score(system, side, by) for side in (0, 1))
        return 0.5 if positive == negative else float(positive > negative)

    def _score(self, system: System, side: int, by: By) -> float:
        parts = [self._likely(each, side) for each in system.likelihoods]
        nats, count = sum(part.nats for part in parts), sum(part.count for part in parts)
        if not count:
            raise MeasureError("a recording is too short to have a token; leave it out")
        return -nats / count if by == "mean" else -nats

    def _likely(self, likelihood: Likelihood, side: int) -> Likely:
        key = likelihood, side
        if key not in self._found:
            self._found[key] = likelihood(self._both[side])
        return self._found[key]


def _encoded(pair: Pair, encode: Callable[[Audio], Tokens]) -> tuple[Tokens, Tokens]:
    positive, negative = Audio.read(pair.positive), Audio.read(pair.negative)
    if positive == negative:
        raise MeasureError(f"{pair.positive} and {pair.negative} hold the same recording")
    return encode(positive), encode(negative)


def _each(pairs: Sequence[Pair], progress: Callable[[float], None] | None) -> Iterator[Pair]:
    for k, pair in enumerate(pairs, 1):
        yield pair
        if progress:
            progress(k / len(pairs))
