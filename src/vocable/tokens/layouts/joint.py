"""Hold tokens of several kinds in one grid: text beside audio, speakers, units beside pitch.

What stands at a position is a kind and a token in that kind's own numbers, so that the order is one
thing and the ids another: text may come from any tokenizer, and codes keep their codebooks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int32, Int64

from ...errors import TokenError
from ...nearest import listed
from ..checks import integers
from ..positions import EMPTY
from ..values import AudioTokens

Part = AudioTokens | Sequence[int] | np.ndarray


@dataclass(frozen=True, eq=False)
class Joint:
    """Tokens of several kinds in one order.

    kinds   names of the kinds: "text", a mark, or "audio.0" for level 0 of a part named "audio"
    kind    which kind stands at each position, EMPTY where nothing does
    token   the text id or the code there, 0 for a mark, EMPTY where nothing stands
    """

    kinds: tuple[str, ...]
    kind: Int32[np.ndarray, "rows steps"]
    token: Int64[np.ndarray, "rows steps"]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Joint):
            return NotImplemented
        same = self.kinds == other.kinds and np.array_equal(self.kind, other.kind)
        return same and np.array_equal(self.token, other.token)

    __hash__ = None  # type: ignore[assignment]  # as that of tokens

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return int(self.kind.shape[1])

    def __getitem__(self, steps: slice) -> Joint:
        """Return some of the steps, as of a sequence that stopped early."""
        return Joint(self.kinds, self.kind[:, steps], self.token[:, steps])

    def of(self, *names: str) -> np.ndarray:
        """Return the tokens of these kinds in their order, row by row."""
        numbers = [self.kinds.index(name) for name in names]
        return np.asarray(self.token[np.isin(self.kind, numbers)])

    def levels(self, part: str) -> list[int]:
        """Return the numbers of the kinds that are the levels of a part of audio."""
        names = [f"{part}.{k}" for k in range(len(self.kinds))]
        found = [self.kinds.index(name) for name in names if name in self.kinds]
        if not found:
            raise TokenError(f'there is no part "{part}" here; there are {listed(self.kinds)}')
        return found

    def to_ids(
        self, ids: Mapping[str, range], *, empty: int | None = None
    ) -> Int64[np.ndarray, "rows steps"]:
        """Return ids: the first of the kind's range plus the token.

        `empty` stands where nothing does. TokenError for a token beyond its range.
        """
        ranges = _ranges(self.kinds, ids)
        first = np.array([each.start for each in ranges] or [0])
        sizes = np.array([len(each) for each in ranges] or [0])
        holds = self.kind != EMPTY
        if not holds.all() and empty is None:
            raise TokenError("there are positions without a token; give the id that fills them")
        wrong = holds & ((self.token < 0) | (self.token >= sizes[self.kind]))
        if wrong.any():
            row, step = (int(n) for n in np.argwhere(wrong)[0])
            name = self.kinds[self.kind[row, step]]
            raise TokenError(
                f"token {self.token[row, step]} at row {row}, step {step} is beyond the "
                f"{len(ids[name])} ids of {name}"
            )
        return np.where(holds, self.token + first[self.kind], 0 if empty is None else empty)


def from_ids(
    given: Any,
    rows: Sequence[Sequence[str]],
    ids: Mapping[str, range],
    *,
    empty: int | None = None,
) -> Joint:
    """Return what ids `[rows, steps]` hold, each told by its range; one row may come without axis.

    rows    for each row the kinds that may stand in it, whose ranges must not overlap

    TokenError, with the position, for an id of no kind of its row.
    """
    values = np.atleast_2d(integers("ids", given)).astype(np.int64)
    if values.ndim != 2 or len(values) != len(rows):
        raise TokenError(f"ids must have {len(rows)} rows, got shape {list(values.shape)}")
    kinds = tuple(dict.fromkeys(name for names in rows for name in names))
    kind, token = np.full(values.shape, EMPTY, np.int32), np.full(values.shape, EMPTY, np.int64)
    for row, names in enumerate(rows):
        for name, numbers in zip(names, _apart(_ranges(names, ids), names), strict=True):
            here = (values[row] >= numbers.start) & (values[row] < numbers.stop)
            kind[row, here] = kinds.index(name)
            token[row, here] = values[row, here] - numbers.start
    wrong = (kind == EMPTY) if empty is None else (kind == EMPTY) & (values != empty)
    if wrong.any():
        row, step = (int(n) for n in np.argwhere(wrong)[0])
        wanted = " or ".join(f"{name}: {_shown(ids[name])}" for name in rows[row][:5])
        raise TokenError(
            f"id {values[row, step]} at row {row}, step {step} is of no kind there; wanted {wanted}"
        )
    return Joint(kinds, kind, token)


def level_names(part: str, levels: int) -> list[str]:
    """Return the names of the kinds that are the levels of a part of audio."""
    return [f"{part}.{k}" for k in range(levels)]


def _ranges(names: Sequence[str], ids: Mapping[str, range]) -> list[range]:
    if missing := [name for name in names if name not in ids]:
        raise TokenError(f"ids has no range for {', '.join(missing)}; it has {', '.join(ids)}")
    return [ids[name] for name in names]


def _apart(ranges: list[range], names: Sequence[str]) -> list[range]:
    """Refuse ranges of one row that overlap."""
    order = sorted(zip(ranges, names, strict=True), key=lambda pair: pair[0].start)
    for (one, first), (other, second) in zip(order, order[1:], strict=False):
        if other.start < one.stop:
            raise TokenError(
                f"the ids of {first} and {second} overlap: {_shown(one)} and {_shown(other)}"
            )
    return ranges


def _shown(ids: range) -> str:
    return f"{ids.start} to {ids.stop - 1}"
