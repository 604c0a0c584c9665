"""Rules end a stream that does not stop by itself, and say why."""

import numpy as np
import pytest

from vocable.errors import ModelError
from vocable.language.guards import first_of, in_groups, stop_after, stop_at_repeats
from vocable.language.session import stop_at


def words(rule, rows):
    return [rule(np.array([row, row])) for row in rows]


def test_a_step_may_come_a_few_times_in_a_row():
    assert words(stop_at_repeats(3), [1, 1, 2, 2, 1, 1, 1]) == [None] * 6 + ["repeats"]


def test_a_stream_that_is_too_long_ends_with_the_word():
    assert words(stop_after(2, "overlong"), [1, 2, 3]) == [None, None, "overlong"]


def test_rules_count_together_and_the_first_speaks():
    rule = first_of(stop_at(0, 9), stop_at_repeats(2), stop_after(2, "overlong"))
    assert words(rule, [1, 2, 2]) == [None, None, "repeats"]
    assert words(first_of(stop_at(0, 9), stop_at_repeats(2)), [8, 9]) == [None, "end"]


def test_steps_may_be_judged_in_groups():
    """Of two: what repeats is the pair, seen when it is whole."""
    rule = in_groups(2, stop_at_repeats(2))
    assert words(rule, [1, 1, 1, 2, 1, 2]) == [None] * 5 + ["repeats"]


def test_a_rule_is_of_one_stream():
    first, second = stop_at_repeats(2), stop_at_repeats(2)
    assert words(first, [1]) == words(second, [1]) == [None]
    assert words(first, [1]) == ["repeats"]


def test_rules_that_end_all_are_refused():
    with pytest.raises(ModelError, match="a step repeats from 2 times on, not 1"):
        stop_at_repeats(1)
    with pytest.raises(ModelError, match="a stream has at least 1 step but 0 are allowed"):
        stop_after(0, "overlong")
