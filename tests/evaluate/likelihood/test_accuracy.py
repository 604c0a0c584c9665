"""Accuracies: what is averaged first, laws of swapping and of order, intervals over owners."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vocable.errors import MeasureError
from vocable.evaluate.intervals import bootstrap_interval
from vocable.evaluate.likelihood import Pair, accuracies


def pair(k: int, part: str = "speaker", **known: object) -> Pair:
    return Pair(
        f"{part}/{k}", part, Path(f"{k}-0.wav"), Path(f"{k}-1.wav"), **{"item": str(k), **known}
    )


@pytest.fixture
def many() -> tuple[list[Pair], list[float]]:
    """Sixty pairs, two an item, items of six speakers, two parts."""
    random = np.random.default_rng(0)
    pairs = [
        pair(k, "speaker" if k % 3 else "room", item=str(k // 6), owner=f"s{k // 6 % 6}")
        for k in range(60)
    ]
    return pairs, random.choice([0.0, 0.5, 1.0], 60).tolist()


def test_pairs_of_an_item_are_averaged_first() -> None:
    """As voices of a word: three of one word and one of another count as two words."""
    pairs = [pair(k, item="dog") for k in range(3)] + [pair(3, item="house")]
    (row,) = accuracies("m", pairs, [1.0, 1.0, 0.0, 0.0])
    assert row.interval.mean == pytest.approx(1 / 3) and (row.pairs, row.items) == (4, 2)


def test_groups_stand_below_their_part() -> None:
    pairs = [pair(0, groups=("a", "b")), pair(1, groups=("b",)), pair(2, "room")]
    rows = accuracies("m", pairs, [1.0, 0.0, 0.5])
    found = {(row.part, row.group): row.interval.mean for row in rows}
    assert found == {
        ("speaker", ""): 0.5, ("speaker", "a"): 1, ("speaker", "b"): 0.5, ("room", ""): 0.5
    }  # fmt: skip


def test_the_order_of_pairs_does_not_matter(many: tuple[list[Pair], list[float]]) -> None:
    pairs, right = many
    order = np.random.default_rng(1).permutation(len(pairs))
    mixed = accuracies("m", [pairs[k] for k in order], [right[k] for k in order])
    key = lambda row: (row.part, row.group)  # noqa: E731
    assert sorted(mixed, key=key) == sorted(accuracies("m", pairs, right), key=key)


def test_swapped_it_is_what_is_left_of_one(many: tuple[list[Pair], list[float]]) -> None:
    pairs, right = many
    for row, other in zip(
        accuracies("m", pairs, right), accuracies("m", pairs, [1 - each for each in right]),
        strict=True,
    ):  # fmt: skip
        assert row.interval.mean + other.interval.mean == pytest.approx(1)


def test_intervals_are_over_owners(many: tuple[list[Pair], list[float]]) -> None:
    pairs = [pair(k, owner=f"s{k % 4}") for k in range(40)]
    right = np.random.default_rng(2).integers(0, 2, 40).astype(float)
    (row,) = accuracies("m", pairs, right.tolist())
    by_item = sorted(range(40), key=lambda k: str(k))
    wanted = bootstrap_interval(right[by_item], [f"s{k % 4}" for k in by_item])
    assert row.interval == wanted and row.owners == 4
    (alone,) = accuracies("m", [pair(k, owner="one") for k in range(9)], [1.0] * 9)
    assert np.isnan(alone.interval.low)


def test_a_recording_against_itself_is_refused() -> None:
    with pytest.raises(MeasureError, match="x is a pair of a.wav with itself"):
        Pair("x", "speaker", Path("a.wav"), Path("a.wav"), "0")
