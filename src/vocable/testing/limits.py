"""Check the laws of limits: memory is bounded, and refusals are clear and lose nothing."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import math
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from vocable.errors import VocableError


def check_bounded(
    work: Callable[[int], object], short: int, long: int, *, slack: float = 2**24
) -> None:
    """Check law 7: `work(long)` needs at most `slack` bytes more memory than `work(short)`.

    work: does a job of that length. Memory is what the process holds more at its highest, so
    nothing else should run beside. An allocator may hold more than the job needs, never less: so
    where the first try is over, the least of three counts.
    """
    work(short)  # what it loads and keeps is not what is measured
    first, second = math.inf, math.inf
    for _ in range(3):
        first = min(first, peak_bytes(lambda: work(short)))
        second = min(second, peak_bytes(lambda: work(long)))
        if second - first <= slack:
            break
    else:
        raise AssertionError(
            f"memory grows with length: {first / 2**20:.0f} MiB for {short}, "
            f"{second / 2**20:.0f} MiB for {long}, allowed {slack / 2**20:.0f} MiB more"
        )


def peak_bytes(job: Callable[[], object]) -> int:
    """Return how much more memory this process held while the job ran, sampled every 2 ms."""
    import psutil  # type: ignore[import-untyped]

    _give_back_memory()
    process, done, highest = psutil.Process(), threading.Event(), [0]
    before = process.memory_info().rss

    def watch() -> None:
        while not done.is_set():
            highest[0] = max(highest[0], process.memory_info().rss)
            time.sleep(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        job()
    finally:
        done.set()
        watcher.join()
    more: int = max(0, highest[0] - before)
    return more


def _give_back_memory() -> None:
    """Return to the system what earlier work has freed, so that it hides nothing of the next."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # only the C library of GNU can
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def check_clear_refusal(
    call: Callable[[], object],
    error: type[Exception],
    says: Sequence[str] = (),
    *,
    folder: Path | None = None,
) -> None:
    """Check law 8: the call raises `error` with one line that says these words.

    folder: one in which nothing may change, neither by a file left over nor by one lost.
    """
    before = _contents(folder)
    try:
        call()
    except error as refusal:
        _check_message(refusal, says)
    else:
        raise AssertionError(f"wanted {error.__name__}, but nothing was refused")
    after = _contents(folder)
    if after != before:
        changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        raise AssertionError(f"the refusal changed {', '.join(sorted(changed))}")


def _check_message(refusal: Exception, says: Sequence[str]) -> None:
    text = str(refusal)
    if not isinstance(refusal, VocableError | OSError):
        raise AssertionError(f"refused by {type(refusal).__name__}, no error of vocable: {text}")
    if not text or "\n" in text:
        raise AssertionError(f"a refusal is one line, got {text!r}")
    missing = [word for word in says if word not in text]
    if missing:
        raise AssertionError(f"the refusal does not say {missing}: {text}")


def _contents(folder: Path | None) -> dict[str, bytes | None]:
    """Return what lies under a folder: files with their bytes, folders with None."""
    if folder is None:
        return {}
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }
