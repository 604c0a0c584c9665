"""What a model of tokens learns from: steps of ids, which of them it foretells, and how well.

A model foretells each step from those before it. The ids of a lesson are its targets, one step on;
a number beside each says which level is asked for there, so that no id is also a sign, and what is
given (a prompt, a condition, the first step) is never counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from vocable.errors import TokenError
from vocable.tokens import AudioTokens

GIVEN = -1  # in `levels`: nothing is asked for here
NOTHING = -1  # in `ids`: no id stands here


@dataclass(frozen=True, eq=False)
class Lesson:
    """One stretch of tokens. levels: of each id its level, or GIVEN; as many as ids."""

    ids: Int[np.ndarray, "time rows"]
    levels: Int[np.ndarray, "time rows"]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Lessons:
    """A batch of lessons, of which each item has the first `lengths` steps."""

    ids: Int[Tensor, "batch time rows"]
    levels: Int[Tensor, "batch time rows"]
    lengths: list[int]

    @classmethod
    def of(cls, lessons: Sequence[Lesson]) -> Lessons:
        """Join lessons, padding behind the shorter ones. TokenError where nothing is asked for."""
        if not any((each.levels[1:] != GIVEN).any() for each in lessons):
            raise TokenError(
                "nothing is asked for in these lessons; the mean over none is not a number"
            )
        longest = max(map(len, lessons))
        shape = len(lessons), longest, lessons[0].ids.shape[1]
        ids, levels = np.full(shape, NOTHING, np.int64), np.full(shape, GIVEN, np.int64)
        for k, each in enumerate(lessons):
            ids[k, : len(each)], levels[k, : len(each)] = each.ids, each.levels
        return cls(torch.from_numpy(ids), torch.from_numpy(levels), [len(each) for each in lessons])

    def to(self, device: torch.device) -> Lessons:
        """Return the same on a device."""
        return Lessons(self.ids.to(device), self.levels.to(device), self.lengths)

    @property
    def before(self) -> Int[Tensor, "batch time rows"]:
        """The ids that the model reads: all but the last step."""
        return self.ids[:, :-1]

    @property
    def read(self) -> list[int]:
        """How many steps of each item the model reads."""
        return [length - 1 for length in self.lengths]


@dataclass(frozen=True, eq=False)
class Told:
    """The nats of each id that was asked for, and the level of each."""

    nats: Float[Tensor, " asked"]
    levels: Int[Tensor, " asked"]

    @classmethod
    def joined(cls, parts: Sequence[Told]) -> Told:
        """Return several as one."""
        nats, levels = ([getattr(each, name) for each in parts] for name in ("nats", "levels"))
        return cls(torch.cat(nats), torch.cat(levels))

    def sums(self, levels: int) -> tuple[Float[Tensor, " levels"], Int[Tensor, " levels"]]:
        """Return the nats of each level below `levels`, and how many ids they are of."""
        counts = torch.bincount(self.levels, minlength=levels)
        sums = torch.zeros(len(counts), dtype=self.nats.dtype, device=self.nats.device)
        return sums.index_add(0, self.levels, self.nats), counts


@dataclass(frozen=True)
class Text:
    """What is said in a whole recording; source: in its track "source", if any is.

    language: "en" or "de"; empty where nothing says it.
    """

    words: str
    language: str = ""
    source: str = ""


@dataclass(frozen=True)
class Asked:
    """What a model foretells: levels `first` up to `last` of a track, equal neighbours as one.

    The end of a recording has the number of all the track's levels, `end`. told: what is given may
    tell all of it, so that few bits need not be a leak. streams: of the track; level k of stream s
    has the number `s * last + k`.
    """

    track: str
    first: int
    last: int
    end: int
    dedup: bool = False
    told: bool = False
    streams: int = 1

    @property
    def named(self) -> dict[str, int]:
        """The number of each level, by the name that its bits have."""
        levels = range(self.first, self.last)
        if self.streams == 1:
            return {f"level{level}": level for level in levels}
        return {
            f"stream{stream}.level{level}": stream * self.last + level
            for stream in range(self.streams)
            for level in levels
        }


@runtime_checkable
class Learns(Protocol):
    """A network that is trained on tracks of tokens."""

    config: Any

    @property
    def asked(self) -> Asked: ...

    def lesson(
        self, tracks: Mapping[str, AudioTokens], *, begins: bool = True, ends: bool = True
    ) -> Lesson:
        """Return tracks as a lesson; begins, ends: whether a recording does there."""
        ...

    def nats(self, lessons: Lessons) -> Told:
        """Return how well each id that is asked for is foretold."""
        ...


@runtime_checkable
class LearnsWhole(Learns, Protocol):
    """A network that learns from whole recordings, with what is said in them.

    reads_text: whether it needs that; others take it where it is known.
    """

    reads_text: bool

    def lesson(
        self, tracks: Mapping[str, AudioTokens], *, begins: bool = True, ends: bool = True,
        text: Text | None = None,
    ) -> Lesson:  # fmt: skip
        """Return tracks and their text as a lesson. TokenError for a part, or without its text."""
        ...


@runtime_checkable
class HasLosses(Protocol):
    """A network that is trained by losses of its own; weights: of them by name, else 1."""

    @property
    def weights(self) -> Mapping[str, float]: ...

    def losses(self, lessons: Lessons) -> dict[str, Tensor]:
        """Return losses by name, unweighted scalars."""
        ...


@runtime_checkable
class Placed(Protocol):
    """A network that may be told where codes lie among their neighbours."""

    def place(self, tracks: Mapping[str, Sequence[Tensor]]) -> None:
        """Take the places of the codes of each level of each track, `[size, width]`."""
        ...


@runtime_checkable
class Hears(Protocol):
    """A network that writes what is said, and is judged by that."""

    def hear(self, lessons: Lessons) -> list[str]:
        """Return the text of each item."""
        ...
