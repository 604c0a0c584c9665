"""Start processes for work that may take its process with it, and say how they ended.

Ctrl-C reaches the process that started them only, which ends them, so that they remove what they
have begun.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

_SPAWN = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang


def start(serve: Callable[..., None], *given: Any) -> tuple[SpawnProcess, Connection]:
    """Start a process that calls `serve(connection, *given)`; return it and its connection."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=serve, args=(theirs, *given), daemon=True)
    with _ctrl_c_blocked():
        process.start()
    theirs.close()
    return process, ours


def death(process: SpawnProcess) -> str:
    """Wait until a process has ended; return in words how."""
    process.join()
    code = process.exitcode or 0
    if code >= 0:
        return f"its process ended with exit code {code}"
    name = signal.Signals(-code).name
    return f"its process was ended by {name}{' (out of memory?)' if name == 'SIGKILL' else ''}"


@contextlib.contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Block SIGINT in this process for a moment, and in those that are started in it for good."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
