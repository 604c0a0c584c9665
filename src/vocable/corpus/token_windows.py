"""Windows of a corpus's tokens for training, shuffled anew each epoch, resumed to the window."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from vocable.corpus.packing import packed_codes, packed_ids
from vocable.corpus.permutation import Permutation
from vocable.corpus.reading import Corpus
from vocable.errors import TokenError
from vocable.tokens import Vocabulary

_EPOCH, _START, _WORKERS = range(3)  # what processes share


class TokenWindows(IterableDataset[Tensor]):
    """Windows of `length` positions: ids `[length]`, or codes `[levels, length]`, int64.

    All recordings stand in one row, in the order of the corpus, and window k begins at k · length;
    what is left at the end of the row is in none. Each epoch, named by `set_epoch`, has an order of
    its own, of which each rank takes every world-th window: over all ranks each window comes once,
    but for the last ones of the order that would not be one for each.

    The row is a file that is written once, into the corpus's folder, and mapped: no memory grows
    with it, and no shuffling is done ahead.

    vocabulary      the ids; without one those of the corpus, or `Vocabulary.of(spec)`, flattened
    codes           give codes in place of ids, for levels of one rate
    batch_size      that of the DataLoader, if it has workers: these then take whole batches in
                    turn, so that the order is the same for any number of them

    TokenError where no window fits; errors as of `Corpus`.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        length: int,
        *,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        vocabulary: Vocabulary | None = None,
        codes: bool = False,
        batch_size: int = 1,
    ) -> None:
        if not (length >= 1 and batch_size >= 1 and 0 <= rank < world):
            raise TokenError(
                f"windows need length and batch_size of at least 1 and rank below world, got "
                f"{length}, {batch_size}, rank {rank} of {world}"
            )
        if codes and vocabulary is not None:
            raise TokenError(
                "codes=True gives codes and vocabulary makes ids; leave one of them out"
            )
        corpus = Corpus(Path(folder))
        words = vocabulary or corpus.plan.words or Vocabulary.of(corpus.spec, levels=corpus.levels)
        self._packed = packed_codes(corpus) if codes else packed_ids(corpus, words)
        self._rows = self._packed.rows()
        self.length, self.seed, self.rank, self.world = length, seed, rank, world
        self.batch_size = batch_size
        self.windows = len(self._rows) // length  # of all ranks, in an epoch
        if not self.windows:
            raise TokenError(f"{folder} has {len(self._rows)} positions, a window has {length}")
        self._given = 0
        self._shared = torch.zeros(3, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        """Return how many windows this rank still has in the epoch, from where iteration begins."""
        return (self.windows - int(self._shared[_START])) // self.world

    def __iter__(self) -> Iterator[Int64[Tensor, "*levels length"]]:
        info = get_worker_info()
        worker, workers = (0, 1) if info is None else (info.id, info.num_workers)
        self._shared[_WORKERS] = int(info is not None)
        epoch, start = int(self._shared[_EPOCH]), int(self._shared[_START])
        order = Permutation(self.windows, (self.seed, epoch))
        self._given = 0
        places = _places(len(self), worker, workers, self.batch_size)
        return self._give(order[start + self.rank + place * self.world] for place in places)

    def _give(self, numbers: Iterator[int]) -> Iterator[Int64[Tensor, "*levels length"]]:
        for number in numbers:
            self._given += 1
            yield self.window(number)

    def window(self, number: int) -> Int64[Tensor, "*levels length"]:
        """Return a window by its place in the row."""
        first = number * self.length
        rows = self._rows[first : first + self.length].astype(np.int64)
        return torch.from_numpy(np.ascontiguousarray(rows.T))

    def set_epoch(self, epoch: int) -> None:
        """Name the epoch, whose order comes next; the one that is named already goes on."""
        if epoch != int(self._shared[_EPOCH]):
            self._begin(epoch, 0)

    def state_dict(self, given: int | None = None) -> dict[str, Any]:
        """Return where this stands, the same on all ranks that have been given as many windows.

        given: windows that this rank took out of a DataLoader with workers since `set_epoch` or
        `load_state_dict`, steps · batch_size, which only who takes them knows. TokenError where it
        is needed.
        """
        if given is None:
            if self._shared[_WORKERS]:
                raise TokenError(
                    "workers of a DataLoader read ahead; say how many windows were taken: "
                    "state_dict(given=steps * batch_size)"
                )
            given = self._given
        seen = int(self._shared[_START]) + given * self.world
        return {**self._kind(), "epoch": int(self._shared[_EPOCH]), "seen": seen}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`, also with other numbers of ranks and workers.

        TokenError for that of other windows.
        """
        for name, value in self._kind().items():
            if state.get(name) != value:
                raise TokenError(
                    f"the state is of {name} {state.get(name)}, the windows of {value}"
                )
        self._begin(int(state["epoch"]), int(state["seen"]))

    def _begin(self, epoch: int, start: int) -> None:
        self._shared.copy_(torch.tensor([epoch, start, 0]))
        self._given = 0

    def _kind(self) -> dict[str, Any]:
        """Return what makes the order of the windows what it is."""
        return {"row": self._packed.path.name, "length": self.length, "seed": self.seed}

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_rows"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._rows = self._packed.rows()


def _places(count: int, worker: int, workers: int, together: int) -> Iterator[int]:
    """Yield the places that a worker gives: every workers-th run of so many."""
    for first in range(worker * together, count, workers * together):
        yield from range(first, min(first + together, count))
