"""N-grams: probabilities that add up, orders that know what they can know."""

from __future__ import annotations

import numpy as np
import pytest

from vocable.errors import TokenError
from vocable.language.ngrams import ORDERS, NGrams
from vocable.tokens import AudioTokens, Level, TokenSpec

SPEC = TokenSpec("toy@1:0a", 16_000, 640, 1, (Level(5), Level(7)), (1, 2))
SLOW = TokenSpec("slow@1:0a", 16_000, 640, 1, (Level(5, 2), Level(7)), (2,))


def tokens_of(first: np.ndarray, second: np.ndarray, spec: TokenSpec = SPEC) -> AudioTokens:
    return AudioTokens(spec, [np.asarray(first)[None], np.asarray(second)[None]])


@pytest.fixture
def some() -> AudioTokens:
    random = np.random.default_rng(0)
    first = (random.random(300) ** 2 * 5).astype(int)
    return tokens_of(first, (first + random.integers(0, 3, 300)) % 7)


@pytest.mark.parametrize("order", ORDERS)
def test_the_codes_of_a_level_share_one(some: AudioTokens, order: int) -> None:
    """In any context, known or not, the probabilities of all codes add up to 1."""
    known, codes = NGrams.fit([some]), some.codes[0]
    for begin in (codes[:, :2], np.array([[4, 4], [6, 0]])):
        for level, size in enumerate((5, 7)):
            total = 0.0
            for code in range(size):
                last = codes[:, 5].copy()
                last[level] = code
                first, second = np.concatenate((begin, last[:, None]), 1)
                total += 2 ** -known.bits(tokens_of(first, second), order)[level][-1]
            assert total == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("order", ORDERS)
def test_no_code_is_impossible(order: int) -> None:
    """Not even where counts are such that the estimated discounts are below 0."""
    first = np.repeat([0, 1, 2, 3], [3, 4, 4, 4])
    known = NGrams.fit([tokens_of(first, first)])
    random = np.random.default_rng(0)
    other = tokens_of(random.integers(0, 5, 200), random.integers(0, 7, 200))
    assert all(np.isfinite(bits).all() for bits in known.bits(other, order))


def test_order_0_is_the_entropy_of_many_codes(some: AudioTokens) -> None:
    codes = np.random.default_rng(1).choice(5, 20_000, p=[0.5, 0.2, 0.15, 0.1, 0.05])
    many = tokens_of(codes, codes)
    shares = np.bincount(codes) / len(codes)
    entropy = -(shares * np.log2(shares)).sum()
    assert NGrams.fit([many]).bits_per_frame([many], 0)[0] == pytest.approx(entropy, abs=1e-3)


def test_each_order_knows_what_it_can(some: AudioTokens) -> None:
    """Level 0 repeats with a period that two frames tell apart; level 1 is level 0 and one more."""
    first = np.tile([0, 1, 0, 2], 200)
    regular = tokens_of(first, first + 1)
    known = NGrams.fit([regular])
    zero, one, two = (known.bits_per_frame([regular], order) for order in ORDERS)
    assert zero[0] == pytest.approx(1.5, abs=0.01) and zero[1] == pytest.approx(1.5, abs=0.01)
    assert one[0] == pytest.approx(0.5, abs=0.05) and two[0] < 0.1
    assert one[1] < 0.1


def test_levels_of_other_rates_and_streams_count_by_frame() -> None:
    first, second = np.arange(6) % 5, np.arange(12) % 7
    slow = tokens_of(first, second, SLOW)
    known = NGrams.fit([slow])
    assert [len(each) for each in known.bits(slow, 2)] == [6, 12]
    per_frame = known.bits_per_frame([slow], 0)
    assert per_frame[0] == pytest.approx(known.bits(slow, 0)[0].sum() / 12)
    twice = AudioTokens(SLOW, [np.repeat(each, 2, 0) for each in slow.stacks])
    assert known.bits_per_frame([twice], 2) == pytest.approx(known.bits_per_frame([slow], 2))


def test_no_code_is_impossible_and_nothing_is_no_data(some: AudioTokens) -> None:
    rare = NGrams.fit([tokens_of([0], [0])])
    assert all(np.isfinite(each).all() for each in rare.bits(some, 2))
    with pytest.raises(TokenError, match="no recordings"):
        NGrams.fit([])


def test_what_never_came_is_not_impossible():
    """Also where all counts are high, which asks for no discount."""
    spec = TokenSpec("toy@1:0a", 16_000, 640, 1, (Level(8),), (1,))
    counted = NGrams.fit([AudioTokens(spec, [np.array([[0] * 3 + [1] * 4 + [2] * 4 + [3] * 4])])])
    for order in ORDERS:
        (bits,) = counted.bits(AudioTokens(spec, [np.array([[7, 0, 7, 1, 0]])]), order)
        assert np.isfinite(bits).all()
