"""What may be written next: at every step, of which level, and whether the end."""

import numpy as np
import pytest

from tests.tokens.test_layouts import plain
from tests.tokens.test_spec import SNAC, SPEECH
from vocable.errors import TokenError
from vocable.tokens import (
    AudioTokens,
    Vocabulary,
    coarse_first,
    delay,
    depth,
    flatten,
    grouped,
    legal_ids,
    level_major,
    orpheus,
    parallel,
)

FOUR = plain(4)


def levels_of(legal) -> list[list[int]]:
    """The level at each position, -1 for none; there is never a choice."""
    assert (legal.kinds.sum(axis=2) <= 1).all()
    return np.where(legal.kinds.any(axis=2), legal.kinds.argmax(axis=2), -1).tolist()


def ends_of(legal) -> list[list[int]]:
    return [np.flatnonzero(row).tolist() for row in legal.end]


def test_flat_tokens_have_the_level_of_their_slot():
    """The ids of level i mod cycle, and the end only where i mod cycle is 0."""
    found = flatten().legal(SNAC, range(7_000_000, 7_000_014))
    assert levels_of(found) == [[0, 1, 2, 2, 1, 2, 2] * 2]
    assert ends_of(found) == [[0, 7]]
    assert ends_of(flatten().legal(FOUR, range(9))) == [[0, 4, 8]]


def test_a_delayed_level_waits_for_its_step():
    """Level k is legal from step d_k on; level 0 decides on the end."""
    found = delay().legal(FOUR, range(5))
    assert levels_of(found) == [
        [0, 0, 0, 0, 0], [-1, 1, 1, 1, 1], [-1, -1, 2, 2, 2], [-1, -1, -1, 3, 3]
    ]  # fmt: skip
    assert ends_of(found) == [[0, 1, 2, 3, 4], [], [], []]


def test_after_the_end_every_level_stops_in_its_turn():
    """After the end at step e level k stops at e + d_k."""
    found = delay((0, 2, 3, 3)).legal(FOUR, range(2, 8), frames=4)
    assert levels_of(found) == [
        [0, 0, -1, -1, -1, -1], [1, 1, 1, 1, -1, -1], [-1, 2, 2, 2, 2, -1], [-1, 3, 3, 3, 3, -1]
    ]  # fmt: skip
    assert ends_of(found) == [[2], [4], [5], [5]]


def test_the_second_part_waits_for_the_end_of_the_first():
    found = coarse_first().legal(FOUR, range(3))
    assert levels_of(found) == [[0, 0, 0], *[[-1, -1, -1]] * 3]
    assert ends_of(found)[0] == [0, 1, 2]
    known = coarse_first().legal(FOUR, range(3, 6), frames=3)
    assert levels_of(known) == [[-1, -1, -1], [1, 1, 1], [-1, 2, 2], [-1, -1, 3]]
    first = level_major((2,)).legal(FOUR, range(4))
    assert levels_of(first) == [[0, 1, 0, 1]] and ends_of(first) == [[0, 2]]


def test_groups_and_depth():
    assert levels_of(grouped().legal(FOUR, range(2)))[:2] == [[0, -1], [-1, 1]]
    assert ends_of(grouped().legal(FOUR, range(4))) == [[0, 2], [], [], []]
    assert levels_of(depth().legal(SNAC, range(1))) == [[0], [1], [2], [2], [1], [2], [2]]


def test_coarse_levels_are_legal_where_they_begin():
    found = parallel().legal(SNAC, range(4, 8))
    assert levels_of(found) == [[0, -1, -1, -1], [1, -1, 1, -1], [2, 2, 2, 2]]
    assert ends_of(found) == [[0], [], []]


def test_a_mask_of_ids_for_rows_with_tables_of_their_own():
    found = delay().legal(FOUR, range(2)).mask([range(1024)] * 4, 1026, end=1024, empty=1025)
    assert found.shape == (2, 4, 1026)
    assert found[0].sum(axis=1).tolist() == [1025, 1, 1, 1]
    assert found[0, 0, 1024] and found[0, 1, 1025] and not found[1, 1, 1025]


def test_a_mask_of_ids_of_one_table():
    found = legal_ids(orpheus(SNAC), range(8))
    assert found.shape == (8, 1, 156_938)
    for step in range(8):
        (ids,) = np.nonzero(found[step, 0])
        first = 128_266 + 4096 * (step % 7)
        ends = [128_258] if step % 7 == 0 else []
        assert ids.tolist() == [*ends, *range(first, first + 4096)]


def test_what_a_vocabulary_writes_is_legal():
    for layout in (flatten(), delay(), coarse_first(), depth(), level_major()):
        vocabulary = Vocabulary.of(SPEECH, layout, text=7)
        codes = np.random.default_rng(0).integers(0, 1024, (2, 1, 6))
        ids = vocabulary.to_ids(AudioTokens(SPEECH, [*codes]))[0]
        rows = np.atleast_2d(ids)
        mask = legal_ids(vocabulary, range(rows.shape[1]), frames=6)
        assert np.take_along_axis(mask, rows.T[:, :, None], 2).all()
        assert not mask[..., :7].any() and not mask[..., vocabulary.specials["bos"]].any()


def test_a_prompt_is_not_counted():
    assert flatten().counted(SPEECH, 3, prompt=1)[0].tolist() == [False] * 2 + [True] * 4
    assert parallel().counted(SNAC, 8, prompt=2).sum() == 1 + 3 + 6  # tokens that begin after it
    found = delay().counted(FOUR, 3, prompt=2)
    assert [np.flatnonzero(row).tolist() for row in found] == [[2], [3], [4], [5]]


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda: flatten().legal(SNAC, range(-1, 3)), "steps must be a range from 0 or more"),
        (lambda: flatten().legal(SNAC, range(0, 6, 2)), "one after the other"),
        (lambda: flatten().legal(SNAC, range(3)).mask([range(4)], 9), "must be 3 ranges, got 1"),
        (lambda: flatten().legal(FOUR, range(3)).mask([range(4)] * 4, 9, end=9),
         "id 9 is not below the 9 that a mask is to have"),
        (lambda: flatten().counted(SNAC, 3, prompt=4), "prompt must be an integer from 0 to 3"),
    ],
)  # fmt: skip
def test_refused(wrong, message):
    with pytest.raises(TokenError, match=message):
        wrong()
