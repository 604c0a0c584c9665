"""Keep what was computed of the last signals, to compute it once.

A recording is compared with what one system after another made of it, and several measures look at
a signal in one way: its levels, its cepstra and its pitch are found once. What is kept is of one
process, bounded, and goes by the samples themselves, so that no value depends on it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
from jaxtyping import Float

Given = ParamSpec("Given")
Found = TypeVar("Found", np.ndarray, tuple[np.ndarray, ...])
Samples = Float[np.ndarray, "_"]

MOST = 1 << 27  # bytes: all that the measures of speech keep of two signals of half a minute each


class Kept:
    """Arrays by what they were computed of: those that were asked for last, within so many bytes.

    Threads may share it: two that ask for the same at once may both compute it.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.size = 0  # bytes that are kept
        self._found: OrderedDict[Any, Any] = OrderedDict()  # the one that was asked for last, last
        self._lock = Lock()

    def __call__(
        self, function: Callable[Concatenate[Samples, Given], Found]
    ) -> Callable[Concatenate[Samples, Given], Found]:
        """Return `function`, whose results are kept: read-only arrays, by its arguments.

        It takes samples and what has a hash, and returns an array or a tuple of arrays.
        """

        @wraps(function)
        def kept(samples: Samples, /, *args: Given.args, **kwargs: Given.kwargs) -> Found:
            digest = hashlib.sha256(np.ascontiguousarray(samples).data).digest()
            key = function, digest, samples.dtype, args, tuple(sorted(kwargs.items()))
            with self._lock:
                if key in self._found:
                    self._found.move_to_end(key)
                    found: Found = self._found[key]
                    return found
            made = function(samples, *args, **kwargs)
            self._keep(key, made)
            return made

        return kept

    def forget(self) -> None:
        """Let go of all that is kept."""
        with self._lock:
            self._found.clear()
            self.size = 0

    def _keep(self, key: Any, made: Any) -> None:
        for array in _arrays(made):
            array.setflags(write=False)
        if _bytes(made) > self.most:
            return
        with self._lock:
            self.size += _bytes(made) - _bytes(self._found.pop(key, ()))
            self._found[key] = made
            while self.size > self.most:
                self.size -= _bytes(self._found.popitem(last=False)[1])


def _arrays(made: Any) -> tuple[np.ndarray, ...]:
    return made if isinstance(made, tuple) else (made,)


def _bytes(made: Any) -> int:
    return sum(array.nbytes for array in _arrays(made))


keep = Kept()
"""Keeps what the measures of this process find of signals."""
