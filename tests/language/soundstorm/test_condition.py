"""Units beside frames: each frame reads those that begin in it, or the one that lasts into it."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.language.soundstorm.toys import RATE, UNITS, said, tokens
from vocable.errors import ModelError, TokenError
from vocable.language.lessons import NOTHING
from vocable.language.soundstorm import Condition
from vocable.tokens import AudioTokens, Level, TokenSpec


def at_rate(rate, count):
    """Units 0, 1, 2 … of so many a second."""
    rate = Fraction(rate)
    spec = TokenSpec(
        "u@1:0", 1000 * rate.numerator, 1000 * rate.denominator, 1, (Level(1000),), (1,)
    )
    return Condition(spec.to_dict()), AudioTokens(spec, [np.arange(count)[None]])


@pytest.mark.parametrize(
    ("rate", "wanted"),
    [
        (25, [[0], [1], [2], [3]]),
        (50, [[0, 1], [2, 3], [4, 5], [6, 7]]),
        (Fraction(25, 2), [[0], [0], [1], [1]]),
        (Fraction(75, 2), [[0, 1], [2, -1], [3, 4], [5, -1]]),
        (Fraction(50, 3), [[0], [1], [1], [2]]),
    ],
)
def test_rates_of_the_paper_and_between(rate, wanted):
    condition, units = at_rate(rate, 50)
    assert condition.arrange(units, 4, RATE).tolist() == wanted
    assert condition.sizes(RATE) == [1000] * len(wanted[0])


@given(st.fractions(Fraction(1, 4), 200, max_denominator=40), st.integers(1, 60))
def test_the_rule_holds_for_any_rate(rate, frames):
    condition, units = at_rate(rate, 1 + int(frames * rate / RATE))
    found = condition.arrange(units, frames, RATE)
    for frame, row in enumerate(found):
        read = [int(each) for each in row if each != NOTHING]
        begin, end = Fraction(frame) / RATE, Fraction(frame + 1) / RATE
        inside = [unit for unit in range(units.frames) if begin <= unit / rate < end]
        lasting = max(unit for unit in range(units.frames) if unit / rate < end)
        assert read == (inside or [lasting])


def test_levels_stand_side_by_side_and_runs_are_written_out():
    spec = TokenSpec("u@1:0", 16_000, 320, 1, (Level(4), Level(9)), (2,))
    units = AudioTokens(spec, [np.array([[1, 1, 2, 3]]), np.array([[7, 7, 8, 0]])])
    condition = Condition(spec.to_dict())
    assert condition.arrange(units.dedup(), 2, RATE).tolist() == [[1, 7, 1, 7], [2, 8, 3, 0]]
    assert condition.sizes(RATE) == [4, 9, 4, 9]


def test_past_the_end_nothing_stands():
    condition = Condition(UNITS.to_dict())
    found = condition.arrange(said(2)[:3], 4, RATE)
    assert found[1, 1] == NOTHING and (found[2:] == NOTHING).all() and (found[0] >= 0).all()
    assert condition.frames(said(2)[:3], RATE) == 2


def test_other_tokens_are_refused():
    condition = Condition(UNITS.to_dict())
    with pytest.raises(TokenError, match="semantic is of toy@1:0a, the model reads toy-units@1:0b"):
        condition.arrange(tokens(4), 4, RATE)
    two = AudioTokens(UNITS, [np.zeros((2, 8), int)])
    with pytest.raises(TokenError, match="semantic has 2 streams"):
        condition.arrange(two, 4, RATE)
    uneven = TokenSpec("u@1:0", 16_000, 320, 1, (Level(4, 2), Level(4)), (2,))
    with pytest.raises(ModelError, match="several rates; a condition has one"):
        Condition(uneven.to_dict())
