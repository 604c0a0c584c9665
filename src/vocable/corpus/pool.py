"""Make pieces in several processes, and find the recording that ends one.

A process that dies costs the piece it was at, which another makes again: this time it says what it
does next, so that what it died of is known. Recordings that stood in a window which ended two
processes are then encoded alone; one that has ended three processes by itself is left out.
"""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any

from vocable import processes
from vocable.corpus.messages import Care, Done
from vocable.corpus.pieces import Piece
from vocable.errors import VocableError

TOGETHER, ALONE = 2, 3  # deaths that a window and a recording may cause
STARTS = 3  # processes that may die one after the other before they are ready


@dataclass
class _Trial:
    """A piece, and what has happened to those who made it."""

    piece: Piece
    deaths: Counter[tuple[int, ...]] = field(default_factory=Counter)
    died: int = 0
    at: tuple[int, ...] = ()
    alone: set[int] = field(default_factory=set)
    left: dict[int, str] = field(default_factory=dict)

    @property
    def care(self) -> Care | None:
        if not self.died:
            return None
        return Care(None, frozenset(self.alone), dict(self.left))

    def note(self, death: str) -> None:
        """Take note of a death, at whatever the process said last."""
        self.died += 1
        if at := self.at:
            self.deaths[at] += 1
            if len(at) > 1 and self.deaths[at] >= TOGETHER:
                self.alone.update(at)
            elif len(at) == 1 and self.deaths[at] >= ALONE:
                self.left[at[0]] = f"{death}, {ALONE} times at this recording"
        self.at = ()


class _Worker:
    def __init__(self, serve: Callable[..., None], given: tuple[Any, ...]) -> None:
        self.ready = False
        self.trial: _Trial | None = None
        self.process, self.connection = processes.start(serve, *given)


class Pool:
    """`count` processes that run `serve`, which makes pieces, with what it is given; a context."""

    def __init__(self, count: int, serve: Callable[..., None], *given: Any) -> None:
        self._count, self._serve, self._given = count, serve, given
        self._workers: list[_Worker] = []
        self._unborn = 0  # processes that have died before they were ready, since one was

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        for worker in self._workers:
            worker.process.terminate()
            worker.connection.close()
        for worker in self._workers:
            worker.process.join()

    def run(self, pieces: Iterable[Piece]) -> Iterator[tuple[int, Done]]:
        """Yield what came of each piece as it is done, with the number of the worker.

        VocableError where a worker cannot go on for a reason that lies in no recording.
        """
        waiting, source = deque[_Trial](), iter(pieces)
        while True:
            self._give(waiting, source)
            busy = [worker for worker in self._workers if worker.trial or not worker.ready]
            if not busy:
                return
            for connection in wait([worker.connection for worker in busy]):
                worker = next(each for each in busy if each.connection is connection)
                if (done := self._hear(worker, waiting)) is not None:
                    yield self._workers.index(worker), done

    def _give(self, waiting: deque[_Trial], source: Iterator[Piece]) -> None:
        """Give a piece to each worker that has none; start workers while pieces wait."""
        for worker in [each for each in self._workers if each.ready and not each.trial]:
            if (trial := _next(waiting, source)) is None:
                return
            worker.trial = trial
            with contextlib.suppress(OSError):  # it has died, which `_hear` notices
                worker.connection.send((trial.piece, trial.care))
        while len(self._workers) < self._count:
            if (trial := _next(waiting, source)) is None:
                return
            waiting.appendleft(trial)
            self._workers.append(_Worker(self._serve, self._given))

    def _hear(self, worker: _Worker, waiting: deque[_Trial]) -> Done | None:
        try:
            what, value = worker.connection.recv()
        except (EOFError, OSError):
            self._bury(worker, waiting)
            return None
        if what == "error":
            raise VocableError(value)
        if what == "ready":
            worker.ready, self._unborn = True, 0
        elif what == "at" and worker.trial:
            worker.trial.at = value
        elif what == "done":
            worker.trial = None
            done: Done = value
            return done
        return None

    def _bury(self, worker: _Worker, waiting: deque[_Trial]) -> None:
        """Put back the piece of a process that has died; another starts if there is need."""
        death = processes.death(worker.process)
        self._unborn += not worker.ready
        if self._unborn == STARTS:
            raise VocableError(f"{death} before it could start; take fewer --workers")
        if worker.trial is not None:
            worker.trial.note(death)
            waiting.append(worker.trial)
        self._workers.remove(worker)


def _next(waiting: deque[_Trial], source: Iterator[Piece]) -> _Trial | None:
    if waiting:
        return waiting.popleft()
    return next((_Trial(piece) for piece in source), None)
