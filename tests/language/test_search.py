"""Beam search over tables: what it finds is compared with all sequences there are."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from vocable.errors import ModelError
from vocable.language.search import beam_search

END = 3


class Table:
    """Probabilities of ids 0 to 3 by all that came before; what is not listed is even."""

    def __init__(self, **rows: Sequence[float]) -> None:
        self.rows = {tuple(map(int, key[1:])): row for key, row in rows.items()}
        self.sequences: list[tuple[int, ...]] = [()]

    def _scores(self) -> Tensor:
        even = [0.25] * 4
        return torch.tensor([self.rows.get(each, even) for each in self.sequences]).log()

    def begin(self) -> Tensor:
        return self._scores()

    def follow(self, before: Sequence[int], ids: Sequence[int]) -> Tensor:
        pairs = zip(before, ids, strict=True)
        self.sequences = [(*self.sequences[source], id) for source, id in pairs]
        return self._scores()


def garden_path() -> Table:
    """The likeliest first id leads to nothing likely."""
    return Table(_=[0.6, 0.4, 0, 0], _0=[0.3, 0.3, 0.2, 0.2], _1=[0, 0, 0.05, 0.95])


def test_a_beam_finds_what_greedy_misses():
    greedy = beam_search(garden_path(), beam=1, end=END, most=4)
    assert greedy.ids[0] == 0
    found = beam_search(garden_path(), beam=2, end=END, most=4)
    assert found.ids == (1,) and found.reason == "end" and found.mean < greedy.mean
    assert found.nats == pytest.approx(-torch.tensor(0.4 * 0.95).log().item(), abs=1e-6)


def test_early_ends_that_are_unlikely_do_not_end_the_search():
    table = Table()
    sure = [0.0, 0.97, 0.01, 0.02]  # 1 again and again, or the end at once
    table.rows = {(1,) * n: sure for n in range(5)} | {(1,) * 5: [0.0, 0.01, 0.01, 0.98]}
    greedy = beam_search(table, beam=1, end=END, most=8)
    table.sequences = [()]
    found = beam_search(table, beam=2, end=END, most=8)
    assert found.ids == greedy.ids == (1,) * 5 and found.mean == pytest.approx(greedy.mean)


@pytest.mark.parametrize("seed", range(5))
def test_a_wide_beam_finds_the_best_of_all(seed):
    torch.manual_seed(seed)
    keys = [each for n in range(4) for each in itertools.product(range(3), repeat=n)]
    rows = {key: torch.rand(4).pow(3).softmax(0).tolist() for key in keys}
    table = Table()
    table.rows = rows
    means = {}
    for key in keys:
        if len(key) < 3:
            steps = [rows[key[:n]][key[n]] for n in range(len(key))] + [rows[key][END]]
            means[key] = -torch.tensor(steps).log().mean().item()
    found = beam_search(table, beam=40, end=END, most=3)
    assert found.ids == min(means, key=means.__getitem__)
    assert found.mean == pytest.approx(min(means.values()), abs=1e-5)


def test_without_an_end_it_stops_and_says_so():
    table = Table()
    table.rows = dict.fromkeys([(), (0,), (0, 0)], [1.0, 0.0, 0.0, 0.0])
    found = beam_search(table, beam=3, end=END, most=3)
    assert found.ids == (0, 0, 0) and found.reason == "length" and found.nats == 0


def test_what_it_cannot_do_is_refused():
    for more in ({"beam": 0, "most": 3}, {"beam": 2, "most": 0}):
        with pytest.raises(ModelError, match="are 1 or more"):
            beam_search(Table(), end=END, **more)
