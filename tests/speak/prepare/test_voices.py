"""Voices: groups of vectors that are alike, the heaviest first; splits by recording."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocable.speak.prepare.splits import splits
from vocable.speak.prepare.voices import group


def around(centre: np.ndarray, count: int, spread: float, random) -> np.ndarray:
    found = centre + spread * random.normal(size=(count, centre.size)) / np.sqrt(centre.size)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.integers(0, 99))
def test_people_who_are_unlike_get_a_group_each_by_time_spoken(counts, seed):
    random = np.random.default_rng(seed)
    parts = [around(np.eye(64)[n], count, 0.3, random) for n, count in enumerate(counts)]
    weights = np.concatenate([np.full(count, 1 + n / 10) for n, count in enumerate(counts)])
    order = random.permutation(weights.size)
    owners = np.repeat(np.arange(len(counts)), counts)[order]
    found = group(np.concatenate(parts)[order], weights[order], 0.77)
    assert len({(a, b) for a, b in zip(owners, found, strict=True)}) == len(counts)
    spoken = [weights[order][found == n].sum() for n in range(len(counts))]
    assert spoken == sorted(spoken, reverse=True)


def test_one_vector_and_none():
    assert group(np.eye(3)[:1], np.ones(1), 0.7).tolist() == [0]
    assert group(np.zeros((0, 3)), np.zeros(0), 0.7).size == 0


def test_silence_is_a_group_of_its_own():
    vectors = np.array([[1.0, 0], [1, 0], [0, 0]])
    assert group(vectors, np.ones(3), 0.7).tolist() == [0, 0, 1]


SECONDS = st.dictionaries(
    st.text("abc", min_size=1, max_size=3),
    st.lists(st.floats(1.0, 30.0), min_size=1, max_size=30),
    min_size=1,
    max_size=6,
)


@given(SECONDS)
def test_some_are_held_out_whole_or_at_one_end_and_most_are_not(seconds):
    found = splits(seconds)
    total = sum(map(sum, seconds.values()))
    held = {
        name: sum(s for s, split in zip(seconds[name], each, strict=True) if split == "valid")
        for name, each in found.items()
    }
    assert sum(held.values()) <= max(0.2 * total, 30.0) + 1e-6
    mixed = [name for name, each in found.items() if len(set(each)) == 2]
    assert len(mixed) <= 1
    for name in mixed:
        assert found[name] == sorted(found[name])  # "train" before "valid": its end
    if any(len(each) > 1 for each in seconds.values()) and len(seconds) == 1:
        assert sum(held.values()) > 0


def test_what_is_held_out_already_is_enough():
    assert splits({"new": [5.0] * 9}, held=10.0) == {"new": ["train"] * 9}


@pytest.mark.parametrize("count", [2, 10, 40])
def test_the_end_of_one_recording_is_a_tenth(count):
    found = splits({"talk": [6.0] * count})["talk"]
    assert found.count("valid") == max(1, count // 10)
