"""Frames are cut into segments exactly: the cheapest cut, whatever blocks they come in."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocable.quantize.merging import Merger, Windows

runs = settings(deadline=None, max_examples=60)


def costs(frames: int, longest: int, seed: int, top: int = 30) -> np.ndarray:
    """Return costs that are small, so that many cuts cost the same."""
    return np.random.default_rng(seed).integers(0, top, (frames, longest))


def all_cuts(frames: int, longest: int):
    """Yield the lengths of the segments of every cut."""
    if not frames:
        yield []
    for last in range(1, min(frames, longest) + 1):
        for before in all_cuts(frames - last, longest):
            yield [*before, last]


def cost_of(cut: list[int], given_costs: np.ndarray) -> int:
    ends = np.cumsum(cut) - 1
    return sum(int(given_costs[end, length - 1]) for end, length in zip(ends, cut, strict=True))


def merge(given_costs: np.ndarray, lag: int, blocks: list[int] | None = None) -> list[int]:
    merger = Merger(given_costs.shape[1], lag)
    found = []
    for start, stop in pairwise([0, *(blocks or []), len(given_costs)]):
        found += merger.push(given_costs[start:stop])
    return found + merger.finish()


@runs
@given(frames=st.integers(0, 11), longest=st.integers(1, 5), seed=st.integers(0, 999))
def test_with_a_long_lag_no_cut_is_cheaper_and_of_equals_the_last_segment_is_the_longest(
    frames, longest, seed
):
    given_costs = costs(frames, longest, seed)
    best = min(
        all_cuts(frames, longest),
        key=lambda cut: (cost_of(cut, given_costs), [-n for n in reversed(cut)]),
    )
    assert merge(given_costs, lag=20) == best


@runs
@given(
    frames=st.integers(0, 80),
    longest=st.integers(1, 6),
    more=st.integers(0, 6),
    blocks=st.lists(st.integers(0, 80), max_size=12),
    seed=st.integers(0, 999),
)
def test_blocks_of_any_size_give_the_same_cut(frames, longest, more, blocks, seed):
    given_costs, lag = costs(frames, longest, seed), longest + more
    blocks = sorted(min(n, frames) for n in blocks)
    found = merge(given_costs, lag, blocks)
    assert found == merge(given_costs, lag) == merge(given_costs, lag, [*range(1, frames)])
    assert sum(found) == frames and all(1 <= n <= longest for n in found)


@runs
@given(longest=st.integers(1, 6), more=st.integers(0, 6), seed=st.integers(0, 999))
def test_no_more_frames_wait_than_the_lag(longest, more, seed):
    merger, decided = Merger(longest, longest + more), 0
    for number, row in enumerate(costs(60, longest, seed), 1):
        decided += sum(merger.push(row[None]))
        assert number - decided <= longest + more
    assert decided + sum(merger.finish()) == 60


def test_a_lag_as_long_as_the_run_gives_the_cheapest_cut_of_all():
    given_costs = costs(400, 8, 0, top=1000)
    totals = [cost_of(merge(given_costs, lag), given_costs) for lag in (8, 16, 400, 500)]
    assert totals[2] == totals[3] < min(totals[:2])


def test_a_run_that_is_finished_leaves_nothing_behind():
    merger, given_costs = Merger(4, 8), costs(13, 4, 0)
    first = merger.push(given_costs) + merger.finish()
    assert merger.push(given_costs) + merger.finish() == first
    assert merger.finish() == []


def test_a_lag_below_the_longest_segment_is_refused():
    with pytest.raises(ValueError, match="lag must be at least the longest segment, got 3 and 4"):
        Merger(4, 3)


@runs
@given(
    frames=st.integers(0, 20),
    longest=st.integers(1, 5),
    cut=st.integers(0, 20),
    seed=st.integers(0, 99),
)
def test_windows_are_sums_of_the_last_rows(frames, longest, cut, seed):
    rows = np.random.default_rng(seed).integers(-(1 << 50), 1 << 50, (frames, 3))
    windows, cut = Windows(longest, 3), min(cut, frames)
    parts = [list(windows.push(part)) for part in (rows[:cut], rows[cut:])]
    for length in range(1, longest + 1):
        found = np.concatenate([part[length - 1] for part in parts])
        wanted = [rows[max(0, end - length) : end].sum(0) for end in range(1, frames + 1)]
        assert found.tolist() == np.reshape(wanted, (-1, 3)).tolist()
