"""Judging: by mean or by sum, ties, systems of several likelihoods, what fails is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vocable.audio import Audio
from vocable.errors import MeasureError, TokenError
from vocable.evaluate.likelihood import Pair, System, judge
from vocable.language.lessons import Asked
from vocable.language.likelihood import Likely, NGramLikelihood
from vocable.language.ngrams import NGrams
from vocable.tokens import AudioTokens, Level, TokenSpec

RATE = 16_000
SPEC = TokenSpec("toy@1:0a", RATE, 160, 1, (Level(8),), (1,))


def encode(audio: Audio) -> dict[str, AudioTokens]:
    """A token for each 10 ms: how loud it is."""
    steps = audio.samples[0, : len(audio) // 160 * 160].reshape(-1, 160).mean(1)
    return {"x": AudioTokens(SPEC, [np.rint(steps * 8).astype(np.int32)[None]])}


def steps(*codes: int) -> Audio:
    return Audio(np.repeat(np.array(codes) / 8, 160).astype(np.float32), RATE)


@dataclass(frozen=True, eq=False)
class Costs:
    """A code costs so many nats each."""

    nats: Mapping[int, float]

    def __call__(self, tokens: Mapping[str, AudioTokens]) -> Likely:
        codes = tokens["x"].codes[0, 0]
        return Likely(sum(self.nats.get(int(code), 0.0) for code in codes), len(codes))


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Write pairs of recordings, in order of being asked."""

    def made(*both: tuple[Audio, Audio]) -> list[Pair]:
        pairs = []
        for k, sides in enumerate(both):
            paths = [tmp_path / f"{k}-{side}.wav" for side in (0, 1)]
            for path, audio in zip(paths, sides, strict=True):
                audio.save(path, overwrite=True)
            pairs.append(Pair(f"p/{k}", "p", *paths, str(k)))
        return pairs

    return made


def share(pairs: list[Pair], *systems: System, **how: Any) -> list[float]:
    return [row.interval.mean for row in judge(pairs, encode, systems, **how).rows]


CHEAP = System("cheap 1", (Costs({1: 1.0, 2: 2.0}),))


def test_the_longer_one_loses_by_sum_and_not_by_mean(write: Any) -> None:
    pairs = write((steps(1, 1, 1, 1), steps(2)))
    assert share(pairs, CHEAP) == [1] and share(pairs, CHEAP, by="sum") == [0]


def test_a_recording_without_a_token_is_refused(write: Any) -> None:
    pairs = write((steps(1), Audio(np.zeros((1, 80), np.float32), RATE)))
    for by in ("mean", "sum"):
        with pytest.raises(MeasureError, match="too short to have a token; leave it out"):
            judge(pairs, encode, [CHEAP], by=by)


def test_equal_is_half_and_swapped_is_what_is_left(write: Any) -> None:
    equal = write((steps(1, 2), steps(2, 1)))
    assert share(equal, CHEAP) == share(equal, CHEAP, by="sum") == [0.5]
    some = write((steps(1, 2), steps(2, 1)), (steps(1), steps(2)), (steps(1, 1), steps(2, 1)))
    swapped = [Pair(p.name, p.part, p.negative, p.positive, p.item) for p in some]
    assert share(some, CHEAP) == [pytest.approx(2.5 / 3)]
    assert share(swapped, CHEAP) == [pytest.approx(0.5 / 3)]


def test_likelihoods_of_a_system_add_up_and_are_computed_once(write: Any) -> None:
    """1 costs more by one of them, less by the other, whose difference is larger."""
    calls = []

    class Counted(Costs):
        def __call__(self, tokens: Mapping[str, AudioTokens]) -> Likely:
            calls.append(1)
            return super().__call__(tokens)

    one, other = Counted({1: 2.0, 2: 1.0}), Counted({1: 0.0, 2: 3.0})
    pairs = write((steps(1), steps(2)))
    found = share(pairs, System("a", (one,)), System("b", (other,)), System("c", (one, other)))
    assert found == [0, 1, 1] and len(calls) == 4


def test_n_grams_of_one_speaker_prefer_that_speaker(write: Any) -> None:
    random = np.random.default_rng(0)

    def talk(step: int) -> Audio:
        codes = [int(random.integers(7))]
        for _ in range(40):
            codes.append((codes[-1] + (step if random.random() < 0.9 else 3)) % 7)
        return steps(*codes)

    known = NGrams.fit([encode(talk(1))["x"] for _ in range(5)])
    systems = [
        System(f"{order}", (NGramLikelihood(known, Asked("x", 0, 1, 1), SPEC, order),))
        for order in (0, 1, 2)
    ]
    pairs = write(*((talk(1), talk(2)) for _ in range(20)))
    zero, *more = share(pairs, *systems)
    assert more == [1, 1] and 0.2 < zero < 0.8


def test_what_fails_is_named_and_left_out(write: Any, tmp_path: Path) -> None:
    pairs = write((steps(1), steps(2)), (steps(1), steps(1)), (steps(1, 5), steps(2)))
    (tmp_path / "2-1.wav").write_text("no sound")

    def long(tokens: Mapping[str, AudioTokens]) -> Likely:
        raise TokenError("sees 3 positions")

    found = judge(pairs, encode, [CHEAP])
    assert [row.pairs for row in found.rows] == [1]
    first, second = found.refusals
    assert first.name == "p/1" and "hold the same recording" in first.reason
    assert second.name == "p/2" and "2-1.wav" in second.reason
    joined = [replace(pair, item="one") for pair in pairs]
    with pytest.raises(MeasureError, match="^no pair could be judged; the first of 2 reasons: p/1"):
        judge(joined, encode, [CHEAP])
    some = judge(pairs[:1], encode, [CHEAP, System("long", (long,))])
    assert [row.system for row in some.rows] == ["cheap 1"]
    assert [str(each) for each in some.refusals] == ["long, p/0: TokenError: sees 3 positions"]
