"""One stream of an engine: it gives its steps one by one, and says why it ended.

A session is an iterator; whoever asks it for a step runs the whole batch for one step, and finds
there what others asked for meanwhile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Int64

from vocable.errors import ModelError, TokenError
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
"""Says of a step, by its number, which ids each row may be: bool `[rows, ids]`; None: all.

Ids beyond the mask are not legal.
"""
FAILED, BARRED = -1, -2  # for ids: of logits that are not numbers; where no id was legal


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
    (as many steps as were allowed), "context" (the context is full), "left", or "error". What its
    rules raise is an error of this stream alone, which its reader gets.
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
        self._error: Exception | None = None
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

    def legal(self, drawn: int) -> np.ndarray | None:
        """Return which ids each of so many rows of the next step may have."""
        mask = None if self._legal is None else self._ask(self._legal, self.steps)
        if mask is None:
            return None
        mask = np.asarray(mask)
        if mask.ndim != 2 or len(mask) != drawn or mask.dtype != bool:
            self.fail(
                f"legal gives bool [{drawn}, ids], which ids each row may be, but of step "
                f"{self.steps} it gave {mask.dtype} {list(mask.shape)}"
            )
            return None
        if not mask.any(-1).all():
            self._bar(int(np.flatnonzero(~mask.any(-1))[0]))
            return None
        return mask

    def take(self, drawn: Drawn, room: int | None) -> Step | None:
        """Take what was drawn; return the input of the next step, or None where this one ended.

        room: how many positions the context has left; None: no end.
        """
        if self.reason is not None:
            return None
        if (drawn == FAILED).any():
            self.fail(f"logits of step {self.steps} are not numbers; look at weights and prompt")
            return None
        if (drawn == BARRED).any():
            self._bar(None)
            return None
        if self._stops(drawn):
            return None
        self._ready.append(drawn.copy())  # its reader may write to it
        self.steps += 1
        following = self._next(drawn)
        if self._ended():
            return None
        if following is None:
            self.reason = "end"
        elif self.steps == self._most:
            self.reason = "length"
        elif room == 0:
            self.reason = "context"
        return following if self.reason is None else None

    def _stops(self, drawn: Drawn) -> bool:
        """Say whether the stream has ended at a step, by its rule or otherwise."""
        found = None if self._stop is None else self._ask(self._stop, drawn)
        if self.reason is None and not (found is None or isinstance(found, str)):
            self.fail(f"stop says in a word why a stream ends, None if not; it gave {found!r}")
        self.reason = self.reason or found
        return self._ended()

    def _ended(self) -> bool:
        return self.reason is not None

    def _next(self, drawn: Drawn) -> Step | None:
        """Return the next step's input; an id that the model lacks is this stream's error alone."""
        if self._follow is None:
            return drawn
        following = self._ask(self._follow, drawn)
        if following is None:
            return None
        try:
            row = np.asarray(following)
            if row.ndim != 1 or row.dtype.kind not in "iu":
                raise TokenError(f"a step is whole numbers [rows], not {row.dtype} {[*row.shape]}")
            check_ids(row[None], self._sizes)
        except TokenError as error:
            self._fail(TokenError(f"{error}; follow gave it after step {self.steps - 1}"))
            return None
        return row

    def fail(self, message: str) -> None:
        """End the stream with an error, which its reader gets when it has taken what is ready."""
        self._fail(ModelError(message))

    def _fail(self, error: Exception) -> None:
        self._error, self.reason = error, "error"

    def _bar(self, row: int | None) -> None:
        where = "a row" if row is None else f"row {row}"
        beyond = " that the model draws" if row is None else ""
        self.fail(f"no id{beyond} is legal in {where} of step {self.steps}; legal forbids all")

    def _ask(self, rule: Callable[[Any], Any], about: Any) -> Any:
        """Ask a rule of this stream; what it raises ends this one alone."""
        try:
            return rule(about)
        except StopIteration:  # would end whoever reads, without a word
            self.fail(f"a rule raised StopIteration at step {self.steps}; let it return None")
        except Exception as error:
            self._fail(error)
        return None
