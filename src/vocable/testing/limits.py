"""Check the laws of limits: memory is bounded, and refusals are clear and lose nothing."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vocable.errors import VocableError

_MMAP_THRESHOLD = -3  # of mallopt: from which size on a block comes from the system by itself


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
    """Return how much more memory this process held at most while the job ran.

    By the system's own mark where it has one (Linux), else sampled every 2 ms, which misses peaks
    that are short.
    """
    import psutil  # type: ignore[import-untyped]

    with _memory_given_back():
        before: int = psutil.Process().memory_info().rss
        highest = _marked(job) if _mark_begins_anew() else _sampled(job)
    return max(0, highest - before)


def _mark_begins_anew() -> bool:
    """Let the system's mark of the most memory held begin at what is held now; say if it can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return "VmHWM:" in Path("/proc/self/status").read_text()
    except OSError:
        return False


def _marked(job: Callable[[], object]) -> int:
    job()
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _sampled(job: Callable[[], object]) -> int:
    import psutil

    process, done, highest = psutil.Process(), threading.Event(), 0

    def watch() -> None:
        nonlocal highest
        while not done.is_set():
            highest = max(highest, process.memory_info().rss)
            time.sleep(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        job()
    finally:
        done.set()
        watcher.join()
    return highest


@contextlib.contextmanager
def _memory_given_back() -> Iterator[None]:
    """Let what is freed go back to the system at once, so that it neither hides nor adds anything.

    GNU's allocator keeps blocks of up to 32 MiB once such have been freed, among others that stay:
    a process that has done much else seems to need more. Behind it that is the rule again.
    """
    gc.collect()
    library = None
    with contextlib.suppress(OSError, AttributeError):  # only the C library of GNU can
        found = ctypes.CDLL("libc.so.6")
        found.malloc_trim(0)
        found.mallopt(_MMAP_THRESHOLD, 1 << 17)
        library = found
    try:
        yield
    finally:
        if library is not None:
            library.mallopt(_MMAP_THRESHOLD, 1 << 25)


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
