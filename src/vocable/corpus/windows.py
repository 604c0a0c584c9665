"""Hear the recordings of a piece ahead of the network, and hand them to it a window at a time.

Which recordings stand in one window depends on the piece alone, so that tokens do not depend on how
a run went.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from vocable.corpus.hearing import Heard

ITEMS, SECONDS = 32, 240.0  # most in a window
Item = TypeVar("Item")
Window = list[tuple[int, Heard]]  # recordings with their numbers in the piece


def windows(recordings: Iterator[tuple[int, Heard]], alone: frozenset[int]) -> Iterator[Window]:
    """Yield recordings in order, several together; long ones, and those of `alone`, by themselves.

    alone: numbers of recordings that stood in a window which ended a process.
    """
    waiting: Window = []
    seconds = 0.0
    for number, each in recordings:
        lasts = each.facts.seconds if each.facts else 0.0
        apart = number in alone or (each.audio is None and not each.fault)
        if waiting and (apart or len(waiting) == ITEMS or seconds + lasts > SECONDS):
            yield waiting
            waiting, seconds = [], 0.0
        waiting.append((number, each))
        seconds += lasts
        if apart:
            yield waiting
            waiting, seconds = [], 0.0
    if waiting:
        yield waiting


def ahead(make: Callable[[], Iterator[Item]]) -> Iterator[Item]:
    """Yield what an iterator gives, which runs in a thread of its own, one item ahead."""
    ready: queue.Queue[tuple[str, Item | BaseException | None]] = queue.Queue(maxsize=1)
    over = threading.Event()
    thread = threading.Thread(target=_fill, args=(make, ready, over), daemon=True)
    thread.start()
    try:
        while (got := ready.get())[0] != "end":
            if isinstance(got[1], BaseException):
                raise got[1]
            yield got[1]  # type: ignore[misc]
    finally:
        over.set()
        while thread.is_alive():  # it may wait to hand over an item
            _drain(ready)
            thread.join(0.05)


def _drain(ready: queue.Queue[tuple[str, Item | BaseException | None]]) -> None:
    with contextlib.suppress(queue.Empty):
        ready.get_nowait()


def _fill(
    make: Callable[[], Iterator[Item]],
    ready: queue.Queue[tuple[str, Item | BaseException | None]],
    over: threading.Event,
) -> None:
    try:
        for item in make():
            ready.put(("item", item))
            if over.is_set():
                return
    except BaseException as error:
        ready.put(("error", error))
        return
    ready.put(("end", None))
