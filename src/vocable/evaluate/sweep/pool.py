"""Give recordings to processes, and outlive what they do.

A system that hangs or kills its process loses one recording; a measure that does loses one score.
What had been found by then is kept, and the rest is done in a new process.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from vocable import processes
from vocable.audio.manifest import Clip
from vocable.errors import MeasureError, VocableError
from vocable.evaluate.sweep.bench import READING, Bench, Piece, Step, Task, lost
from vocable.evaluate.sweep.clips import reason_of
from vocable.evaluate.sweep.result import Result
from vocable.evaluate.sweep.store import merged
from vocable.evaluate.systems.system import System

START = 300.0  # seconds within which a process has to be ready
_PATIENCE = 5.0  # seconds in which a process may clean up when it is ended
_READY, _DONE = "ready", "done"


@dataclass
class Job:
    """A recording, what is wanted of it, and what is known of each piece."""

    clip: Clip
    pieces: list[Piece]
    results: list[Result]


class Pool:
    """`count` processes, each with a job at a time; a context that ends them.

    limit     seconds that a system may take for one recording, and a measure for one score
    prepare   called first in each process
    Raises MeasureError for systems that cannot be given to a process.
    """

    def __init__(
        self,
        systems: Sequence[System],
        folder: Path,
        count: int,
        limit: float,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        self._given = folder, _pickled(systems, prepare)
        self._limit = limit
        self._queue: list[Job] = []
        self._workers: list[_Worker] = []
        self._count = count

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(_PATIENCE)
            worker.kill()

    def do(self, jobs: Sequence[Job]) -> Iterator[Result]:
        """Yield the result of each piece of each job as soon as it is known."""
        self._queue = list(jobs)[::-1]
        self._workers = [_Worker(*self._given) for _ in range(min(self._count, len(jobs)))]
        while self._queue or any(worker.job for worker in self._workers):
            self._give()
            speaking = wait([worker.connection for worker in self._workers], self._patience())
            for worker in list(self._workers):
                if worker.connection in speaking:
                    yield from self._hear(worker)
                elif time.monotonic() > worker.began + self._allowed(worker):
                    worker.kill()
                    yield from self._replace(worker, f"took longer than {self._limit:g} s")

    def _give(self) -> None:
        for worker in self._workers:
            if worker.ready and worker.job is None and self._queue:
                worker.take(self._queue.pop())

    def _allowed(self, worker: _Worker) -> float:
        if worker.job:
            return self._limit
        return float("inf") if worker.ready else START

    def _patience(self) -> float | None:
        """Return the seconds until the first process is late."""
        ends = min(worker.began + self._allowed(worker) for worker in self._workers)
        return None if ends == float("inf") else max(0.0, ends - time.monotonic()) + 0.01

    def _hear(self, worker: _Worker) -> Iterator[Result]:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            yield from self._replace(worker, processes.death(worker.process))
        else:
            yield from worker.hear(message)

    def _replace(self, worker: _Worker, reason: str) -> Iterator[Result]:
        """Report what was lost; let a new process do the rest of its job."""
        self._workers.remove(worker)
        worker.kill()
        if not worker.ready:
            raise VocableError(
                f"a process could not start: {reason}; take fewer, and call sweep below "
                '`if __name__ == "__main__":`'
            )
        complete, rest = worker.lose(reason)
        yield from complete
        if rest and rest.pieces:
            self._queue.append(rest)
        if self._queue:
            self._workers.append(_Worker(*self._given))


class _Worker:
    """A process, its job, and the step that it is at."""

    def __init__(self, folder: Path, given: bytes) -> None:
        self.ready = False
        self.job: Job | None = None
        self.piece, self.step, self.began = 0, READING, time.monotonic()
        self.process, self.connection = processes.start(_serve, folder, given)

    def take(self, job: Job) -> None:
        """Begin a job."""
        self.job, self.piece, self.step, self.began = job, 0, READING, time.monotonic()
        with contextlib.suppress(OSError):  # it has died, which `recv` notices
            self.connection.send(Task(job.clip, tuple(job.pieces)))

    def hear(self, message: Any) -> Iterator[Result]:
        """Take down what it says; yield the results of pieces that are complete."""
        if isinstance(message, VocableError):
            raise message
        if message == _READY:
            self.ready = True
        if message == _READY or self.job is None:
            return
        if message == _DONE:
            yield from self.job.results[self.piece :]
            self.job = None
        else:
            yield from self._note(self.job, message)

    def _note(self, job: Job, step: Step) -> Iterator[Result]:
        if step.found is not None:
            job.results[step.piece] = _with(job.results[step.piece], step.found)
        elif step.piece > self.piece:
            yield from job.results[self.piece : step.piece]
        if step.found is None:
            self.piece, self.step, self.began = step.piece, step.name, time.monotonic()

    def lose(self, reason: str) -> tuple[list[Result], Job | None]:
        """Return the results that are complete without what is lost, and the rest of the job."""
        job, at = self.job, self.piece
        if job is None:
            return [], None
        end = len(job.pieces) if self.step == READING else at + 1
        for number in range(at, end):
            job.results[number] = _with(job.results[number], lost(self.step, reason))
        left = job.pieces[at].left(job.results[at])
        if not job.results[at].fault and not left.empty:
            return [], Job(job.clip, [left, *job.pieces[end:]], job.results[at:])
        return job.results[at:end], Job(job.clip, job.pieces[end:], job.results[end:])

    def kill(self) -> None:
        """End the process, and those that it has started."""
        with contextlib.suppress(OSError):
            if sys.platform != "win32":
                os.killpg(self.process.pid, signal.SIGKILL)  # type: ignore[arg-type]  # it has started
        self.process.kill()
        self.process.join()
        self.connection.close()


def _with(result: Result, found: dict[str, Any]) -> Result:
    """Return a result with what a step found."""
    bare = replace(result, fault="", scores={}, unscored={}, versions={}, words={}, voice={})
    return merged(result, replace(bare, **found))


def _pickled(systems: Sequence[System], prepare: Callable[[], None] | None) -> bytes:
    try:
        return pickle.dumps((prepare, list(systems)))
    except Exception as error:
        raise MeasureError(
            f"a system cannot be given to another process ({reason_of(error)}); "
            "make it of functions and classes that stand in a module"
        ) from error


class _Ended(BaseException):
    """The process is to end; on the way files that are begun are removed."""


def _end(*_: Any) -> None:
    raise _Ended


def _serve(connection: Connection, folder: Path, given: bytes) -> None:
    """Do the tasks that come through the connection until it closes."""
    _set_up()
    with contextlib.suppress(_Ended, EOFError, BrokenPipeError, ConnectionResetError):
        try:
            prepare, systems = pickle.loads(given)
            if prepare:
                prepare()
        except Exception as error:
            connection.send(VocableError(f"a system cannot be opened: {reason_of(error)}"))
            return
        bench = Bench(systems, folder)
        connection.send(_READY)
        while True:
            for step in bench.do(connection.recv()):
                connection.send(step)
            connection.send(_DONE)


def _set_up() -> None:
    """Become a group of processes, which ends together; print nothing; compute on one thread.

    Another number of threads may round another way, and so give other tokens.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    if sys.platform != "win32":
        os.setpgid(0, 0)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(OSError):  # stderr is closed
        os.dup2(2, 1)
    warnings.simplefilter("ignore")  # the same for each recording
    os.environ["OMP_NUM_THREADS"] = "1"  # torch and commands read it when they start
    if torch := sys.modules.get("torch"):  # a script that is run has imported it
        torch.set_num_threads(1)


def _end_with_parent() -> None:
    """End this process, and those that it has started, as soon as the one that started it ends."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    if sys.platform != "win32":
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
