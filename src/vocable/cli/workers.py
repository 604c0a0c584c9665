"""Do jobs in several processes, each with a codec of its own.

A process that dies takes its one job with it: that is reported, and another process goes on.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from multiprocessing.connection import wait
from typing import Any

from vocable import processes
from vocable.cli.attempt import Do, Outcome, Work, attempt
from vocable.cli.console import Progress
from vocable.cli.errors import Refusal, message_of
from vocable.cli.paths import Job
from vocable.cli.process import (
    exit_on_sigterm,
    import_modules,
    print_in_any_encoding,
    warnings_on_stderr,
)
from vocable.errors import VocableError

AHEAD = 1000  # jobs that may be begun before the first that is not done: bounds what is kept

Settings = tuple[Sequence[str], bool, bool]  # modules to import; and of `attempt`: skips, debug


@contextlib.contextmanager
def outcomes_of_workers(
    jobs: Sequence[Job], work: Work, count: int, settings: Settings
) -> Iterator[Iterator[tuple[Job, Outcome]]]:
    """Start `count` processes; give an iterator over the jobs, in order, and what came of each.

    Raises Refusal where the work cannot start, and VocableError where a process dies before it
    could start.
    """
    pool = _Pool(jobs, work, count, settings)
    try:
        pool.wait()
        yield _in_order(pool, jobs)
    finally:
        pool.stop()


def _in_order(pool: _Pool, jobs: Sequence[Job]) -> Iterator[tuple[Job, Outcome]]:
    done: dict[int, Outcome] = {}
    shown = 0
    try:
        while shown < len(jobs):
            pool.give(shown + AHEAD)
            done.update(pool.wait())
            while shown in done:
                yield jobs[shown], done.pop(shown)
                shown += 1
    except KeyboardInterrupt:
        for number in sorted(done):
            yield jobs[number], done[number]
        raise


class _Worker:
    """A process, and the job that it is at."""

    def __init__(self, work: Work, settings: Settings, *, warns: bool = False) -> None:
        self.ready = False
        self.job: int | None = None
        self.process, self.connection = processes.start(_serve, work, settings, warns)


class _Pool:
    """Workers, each with a job at a time."""

    def __init__(self, jobs: Sequence[Job], work: Work, count: int, settings: Settings) -> None:
        self._jobs, self._work, self._settings = jobs, work, settings
        self._next = 0  # the job to give out
        self._workers = [_Worker(work, settings, warns=k == 0) for k in range(count)]

    def give(self, end: int) -> None:
        """Give jobs before number `end` to the workers that have none."""
        for worker in self._workers:
            if worker.ready and worker.job is None and self._next < min(end, len(self._jobs)):
                worker.job = self._next
                self._next += 1
                with contextlib.suppress(OSError):  # it has died, which `wait` notices
                    worker.connection.send(self._jobs[worker.job])

    def wait(self) -> dict[int, Outcome]:
        """Wait for a worker to start, to finish a job or to die; return what is done, by number."""
        done = {}
        speaking = wait([worker.connection for worker in self._workers])
        for worker in [each for each in self._workers if each.connection in speaking]:
            job, worker.job = worker.job, None
            outcome = self._outcome(worker)
            if job is not None:
                done[job] = outcome
        return done

    def _outcome(self, worker: _Worker) -> Outcome:
        try:
            outcome: Outcome = worker.connection.recv()
        except (EOFError, OSError):
            outcome = self._replace(worker)
        else:
            if outcome.error and not worker.ready:
                raise Refusal(outcome.error)
            worker.ready = True
        return outcome

    def _replace(self, worker: _Worker) -> Outcome:
        """Return how a worker died; start another one if there are jobs for it."""
        death = processes.death(worker.process)
        if not worker.ready:
            raise VocableError(f"{death} before it could start; take fewer --jobs")
        self._workers.remove(worker)
        if self._next < len(self._jobs):
            self._workers.append(_Worker(self._work, self._settings))
        return Outcome(error=death)

    def stop(self) -> None:
        """End all processes.

        The signal raises an exception, which code that catches all of them, or a destructor that
        runs just then, can swallow: such a process ends at its connection, which is closed.
        """
        for worker in self._workers:
            worker.process.terminate()
            worker.connection.close()
        for worker in self._workers:
            worker.process.join()


def _serve(connection: Any, work: Work, settings: Settings, warns: bool) -> None:
    """Do what comes through the connection until it closes; the first answer says "started".

    warns: print the warnings of the start, which are those of all workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, exit_on_sigterm)
    print_in_any_encoding()
    modules, skips, debug = settings
    with contextlib.suppress(EOFError, OSError):
        with warnings_on_stderr(shown=warns):
            do = _started(connection, work, modules)
        with warnings_on_stderr():
            while do:
                job = connection.recv()
                quiet = Progress(job.source, shown=False)
                connection.send(attempt(do, job, quiet, skips=skips, debug=debug))


def _started(connection: Any, work: Work, modules: Sequence[str]) -> Do | None:
    try:
        import_modules(modules)
        do = work.start()
    except Exception as error:
        connection.send(Outcome(error=message_of(error)))
        return None
    connection.send(Outcome())
    return do
