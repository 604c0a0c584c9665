"""Watch the resident memory of a run and its workers, for benchmarks.corpus."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import psutil

EVERY = 0.5  # seconds


class Watch:
    """Samples the memory of a process and its largest worker until it is left; a context."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._share = 0.0
        self._samples = list[tuple[float, int, int]]()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def note(self, share: float) -> None:
        """Take note of the share of the work that is done."""
        self._share = share

    def tenths(self) -> Iterator[tuple[float, int, int]]:
        """Yield, for each tenth of the work, its end and the most of a worker and of the run."""
        for tenth in range(10):
            inside = [each for each in self._samples if tenth < each[0] * 10 <= tenth + 1]
            if inside:
                yield (tenth + 1) / 10, max(s[1] for s in inside), max(s[2] for s in inside)

    def _sample(self) -> None:
        while not self._over.wait(EVERY):
            sizes = [_resident(each) for each in workers(self._process)]
            self._samples.append((self._share, max(sizes, default=0), _resident(self._process)))


def workers(process: psutil.Process) -> list[psutil.Process]:
    """Return the processes that a run has started to make pieces."""
    found = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in process.children():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if "spawn_main" in " ".join(child.cmdline()):
                    found.append(child)
    return found


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
