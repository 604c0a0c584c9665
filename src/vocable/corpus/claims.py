"""One of several runs that begin at once asks the source what it holds; the others wait for it.

The claim is a file that its owner touches every few seconds. One that stays as it is for a minute,
by the clock of whoever waits, has an owner that died, and is taken over.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

BEAT, STALE, WAIT = 5.0, 60.0, 0.2  # seconds


@contextlib.contextmanager
def claimed(path: Path) -> Iterator[bool]:
    """Yield whether the claim is this run's; where it is, it is kept until the end of the block."""
    fresh = [folder for folder in (path.parent, path.parent.parent) if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        yield False
        return
    over = threading.Event()
    beats = threading.Thread(target=_beat, args=(path, over), daemon=True)
    beats.start()
    try:
        yield True
    finally:
        over.set()
        beats.join()
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # what was made for the claim alone
            for folder in fresh:
                folder.rmdir()


def wait_for(path: Path) -> None:
    """Return when a claim is given up, or removed here since its owner died."""
    seen, since = _beats(path), time.monotonic()
    while seen is not None:
        if time.monotonic() - since > STALE:
            path.unlink(missing_ok=True)
            return
        time.sleep(WAIT)
        if (now := _beats(path)) != seen:
            seen, since = now, time.monotonic()


def _beat(path: Path, over: threading.Event) -> None:
    while not over.wait(BEAT):
        with contextlib.suppress(OSError):
            os.utime(path)


def _beats(path: Path) -> int | None:
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return None
