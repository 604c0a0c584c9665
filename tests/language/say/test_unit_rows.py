"""Units become runs that last, and long ones pieces of whole frames: nothing is lost or moved."""

import numpy as np
import pytest

from vocable.errors import TokenError
from vocable.language.say import unit_rows
from vocable.language.say.unit_rows import pieces_of, unit_runs
from vocable.tokens import AudioTokens, Level, TokenSpec

SPEC = TokenSpec("toy@1:0", rate=16_000, frame=320, channels=1, levels=(Level(100),), prefixes=(1,))


def tokens(units):
    return AudioTokens(SPEC, [np.array([units], np.int32)])


def test_runs_last_as_long_as_their_units():
    symbols, durations = unit_rows(tokens([7, 7, 7, 3, 9, 9]), 2)
    assert symbols.tolist() == [[7, 0, 0], [3, 0, 0], [9, 0, 0]]
    assert durations.tolist() == [6, 2, 4]
    assert unit_rows(tokens([7, 7, 7, 3, 9, 9]).dedup(), 2)[1].tolist() == [6, 2, 4]
    assert unit_rows(tokens([7, 7, 3]), 2, 8)[1].tolist() == [4, 4]


def test_no_units_are_refused():
    with pytest.raises(TokenError, match="too short for a unit; 25 ms is the least"):
        unit_rows(tokens([]), 2)


@pytest.mark.parametrize("seed", range(20))
def test_pieces_are_the_whole(seed):
    random = np.random.default_rng(seed)
    runs = random.integers(1, 60)
    durations = 2 * (1 + random.geometric(0.1, size=runs)) + (900 if seed == 3 else 0)
    symbols = np.arange(runs)[:, None].repeat(3, 1)
    found = list(pieces_of([(symbols, durations)], 4, seconds=1.0))
    told = np.concatenate([np.repeat(one[:, 0], lasting) for one, lasting in found])
    assert np.array_equal(told, np.repeat(symbols[:, 0], durations))
    lengths = [int(lasting.sum()) for _, lasting in found]
    assert all(length % 4 == 0 and 0 < length <= 100 for length in lengths[:-1])
    assert 0 < lengths[-1] <= 100 and all((lasting > 0).all() for _, lasting in found)


def test_a_piece_ends_in_a_pause():
    durations = np.array([2] * 30 + [24] + [2] * 20)
    first, second = pieces_of([(np.zeros((51, 3), np.int64), durations)], 4, seconds=1.0)
    assert first[1].tolist() == [2] * 30 + [12] and second[1].tolist() == [12] + [2] * 20


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("lasting", [False, True])
def test_units_in_chunks_are_said_as_the_whole(seed, lasting):
    """Wherever units are cut, with durations or without: the same runs, and the same pieces."""
    random = np.random.default_rng(seed)
    units = np.repeat(random.integers(0, 3, 200), random.geometric(0.3, 200))
    edges = np.sort(random.integers(0, len(units), 6))
    chunks = [tokens(part) for part in np.split(units, edges)]
    chunks = [part.dedup() if lasting and len(part) else part for part in chunks]
    total = 2 * len(units) + int(random.integers(0, 4))
    whole = unit_rows(tokens(units), 2, total)
    runs = list(unit_runs(iter(chunks), 2, total))
    for one, other in zip(map(np.concatenate, zip(*runs, strict=True)), whole, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(pieces_of(runs, 4), pieces_of([whole], 4), strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])
