"""One stream of an engine: it gives its steps one by one, and says why it ended.

A session is an iterator; whoever asks it for a step runs the whole batch for one step, and finds
there what others asked for meanwhile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Int64

from vocable.errors import ModelError, TokenError, VocableError
from vocable.language.token_model import check_ids

Drawn: TypeAlias = Int64[np.ndarray, " drawn"]
Step: TypeAlias = Int64[np.ndarray, " rows"]
Stop: TypeAlias = Callable[[Drawn], str | None]
"""Says of a step that was drawn why it ends the stream, in a word: "end", or what a guard noticed.

None: it goes on. A step that ends the stream is not given. Each session has a rule of its own, so
that it may count.
"""
Follow: TypeAlias = Callable[[Drawn], Step | None]
"""Makes the next step's input of what was drawn: adds rows that come from elsewhere. None: end.

The array is read when that step runs: what comes from elsewhere later may still be written to it.
"""
Legal: TypeAlias = Callable[[int], np.ndarray | None]
"""Says of a step, by its number, which ids each row may be: bool `[rows, ids]`; None: all."""


def stop_at(row: int, id: int) -> Stop:
    """Return a rule that ends a stream where a row is this id."""
    return lambda step: "end" if step[row] == id else None


def stop_at_step(ids: Drawn) -> Stop:
    """Return a rule that ends a stream at a step of exactly these ids (CSM: 32 times 0)."""
    return lambda step: "end" if np.array_equal(step, ids) else None


@runtime_checkable
class Runner(Protocol):
    """What runs sessions: an engine."""

    def step(self) -> bool:
        """Run every session for one step."""
        ...

    def remove(self, session: Session) -> None:
        """Give the places of a session to others."""
        ...


class Session:
    """What an engine gives of one stream.

    reason: None while it runs; then "end" (its rule said so, or gave a word of its own), "length"
    (as many steps as were allowed), "context" (the context is full), "left", or "error".
    """

    def __init__(
        self,
        engine: Runner,
        sizes: tuple[int, ...],
        *,
        most: int | None,
        stop: Stop | None,
        follow: Follow | None,
        legal: Legal | None,
    ) -> None:
        self._engine, self._sizes, self._most = engine, sizes, most
        self._stop, self._follow, self._legal = stop, follow, legal
        self._ready: deque[Drawn] = deque()
        self._error: VocableError | None = None
        self.reason: str | None = None
        self.steps = 0  # given so far, or ready to be

    def __iter__(self) -> Iterator[Drawn]:
        return self

    def __next__(self) -> Drawn:
        """Return the next step; run the engine until there is one."""
        while not self._ready:
            if self._error is not None:
                raise self._error
            if self.reason is not None:
                raise StopIteration
            self._engine.step()
        return self._ready.popleft()

    def leave(self) -> None:
        """End the stream; its place is free at once. What is ready can still be taken."""
        if self.reason is None:
            self.reason = "left"
            self._engine.remove(self)

    def legal(self) -> np.ndarray | None:
        """Return which ids the next step may have."""
        mask = None if self._legal is None else self._legal(self.steps)
        if mask is not None and not mask.any(-1).all():
            row = int(np.flatnonzero(~mask.any(-1))[0])
            self.fail(f"no id is legal in row {row} of step {self.steps}; the layout forbids all")
            return np.ones_like(mask)
        return mask

    def take(self, drawn: Drawn, room: int | None) -> Step | None:
        """Take what was drawn; return the input of the next step, or None where this one ended.

        room: how many positions the context has left; None: no end.
        """
        if self._error is not None:
            return None
        if (drawn < 0).any():
            self.fail(f"logits of step {self.steps} are not numbers; look at weights and prompt")
            return None
        self.reason = None if self._stop is None else self._stop(drawn)
        if self.reason is not None:
            return None
        self._ready.append(drawn)
        self.steps += 1
        following = self._next(drawn)
        if following is None:
            self.reason = self.reason or "end"
        elif self.steps == self._most:
            self.reason = "length"
        elif room == 0:
            self.reason = "context"
        return following if self.reason is None else None

    def _next(self, drawn: Drawn) -> Step | None:
        """Return the next step's input; an id that the model lacks is this stream's error alone."""
        following = drawn if self._follow is None else self._follow(drawn)
        if self._follow is None or following is None:
            return following
        try:
            check_ids(following[None], self._sizes)
        except TokenError as error:
            message = f"{error}; follow gave it after step {self.steps - 1}"
            self._error, self.reason = TokenError(message), "error"
            return None
        return following

    def fail(self, message: str) -> None:
        """End the stream with an error, which its reader gets when it has taken what is ready."""
        self._error, self.reason = ModelError(message), "error"
