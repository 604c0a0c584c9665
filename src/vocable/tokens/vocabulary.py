"""Give every token an id that a language model can hold beside its text, and take it back.

Ids below `text` belong to others: to text, or to tokens of another space. A code's id is its slot's
offset plus the code; a slot is a level, or with `by="slot"` a position in the cycle in which
flattened levels repeat (Orpheus gives each of SNAC's seven positions a block of its own). Ids are
never taken modulo a size: an id that does not belong at its position is an error that names the
position.

separate    `Vocabulary.of(spec, text=V)`: a block per level behind the text, in one table
unified     `Vocabulary.of(other, text=words.size)`: the blocks of another space behind those of
            `words`, in the same table; each vocabulary reads its own ids and refuses the other's
factorised  `Vocabulary.factorised(spec, delay())`: every level counts from 0, in a table of its own
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Int64

from ..atomic import replacing
from ..errors import TokenError
from .checks import integers
from .layouts import LAYOUTS, Layout, flatten
from .positions import EMPTY
from .spec import TokenSpec
from .spec_json import canonical_json, check_keys
from .spec_parts import Source, check_choice, check_count
from .values import AudioTokens
from .vocabulary_card import vocabulary_card
from .vocabulary_tables import Tables, levels_of_rows, tables_of

MAX_ID = 1 << 31
_KEYS = {"spec", "levels", "layout", "delays", "groups", "text", "specials", "offsets", "by"}


@dataclass(frozen=True)
class Vocabulary:
    """The ids of a codec's tokens in a layout.

    spec        the tokens; decoding ids gives tokens of this spec
    levels      how many levels the ids hold, one of the spec's prefixes
    layout      the order of the tokens
    text        ids that belong to others, to text or to tokens of another space: all below it
    specials    other ids by name; "pad" fills the positions at which a layout has no token
    offsets     id of code 0, for each slot
    by          what a slot is: a "level", or a "slot" of the flattened cycle
    """

    spec: TokenSpec
    levels: int
    layout: Layout
    offsets: tuple[int, ...]
    text: int = 0
    specials: Mapping[str, int] = field(default_factory=dict)
    by: str = "level"

    def __post_init__(self) -> None:
        object.__setattr__(self, "offsets", tuple(self.offsets))
        object.__setattr__(self, "specials", MappingProxyType(dict(self.specials)))
        self.spec.check_levels(self.levels)
        check_choice("by", self.by, ("level", "slot"))
        check_count("text", self.text, 0, MAX_ID)
        for name, value in (*self.specials.items(), *(("an offset", n) for n in self.offsets)):
            check_count(str(name), value, 0, MAX_ID)
        if self.by == "slot" and self.layout.name != "flatten":
            raise TokenError(f"slots belong to layout flatten, got {self.layout.name}")
        if len(self.offsets) != len(self.slots):
            raise TokenError(
                f"offsets must be {len(self.slots)}, one per {self.by}, got {len(self.offsets)}"
            )
        _check_apart(self)

    @classmethod
    def of(
        cls,
        spec: TokenSpec,
        layout: Layout | None = None,
        *,
        levels: int | None = None,
        text: int = 0,
        specials: Sequence[str] = ("pad", "bos", "eos"),
    ) -> Vocabulary:
        """Number ids one after the other: text, specials, then a block per level."""
        count = spec.check_levels(levels)
        named = {name: text + k for k, name in enumerate(specials)}
        sizes = [level.size for level in spec.levels[:count]]
        *offsets, _ = accumulate(sizes, initial=text + len(named))
        return cls(spec, count, layout or flatten(), tuple(offsets), text, named)

    @classmethod
    def factorised(
        cls,
        spec: TokenSpec,
        layout: Layout,
        *,
        levels: int | None = None,
        specials: Sequence[str] = ("pad",),
    ) -> Vocabulary:
        """Number each level from 0, for a table and a head a level; specials follow the largest.

        The layout needs a row for each level, since the same id means another code in each.
        """
        count = spec.check_levels(levels)
        most = max(level.size for level in spec.levels[:count])
        named = {name: most + k for k, name in enumerate(specials)}
        return cls(spec, count, layout, (0,) * count, specials=named)

    @property
    def tables(self) -> Tables:
        """The embedding tables and heads that a model of these ids needs."""
        return tables_of(self)

    @property
    def slots(self) -> tuple[int, ...]:
        """The level of each slot."""
        if self.by == "level":
            return tuple(range(self.levels))
        cycle = self.layout.positions(self.spec, self.spec.step, self.levels)
        return tuple(int(level) for level in cycle.level[0])

    @property
    def ranges(self) -> tuple[range, ...]:
        """The ids of each slot's codes."""
        sizes = [self.spec.levels[level].size for level in self.slots]
        return tuple(range(o, o + n) for o, n in zip(self.offsets, sizes, strict=True))

    @property
    def size(self) -> int:
        """One more than the highest id: rows of an embedding."""
        ends = [block.stop for block in self.ranges]
        return max([self.text, *ends, *(n + 1 for n in self.specials.values())])

    def to_ids(self, tokens: AudioTokens) -> Int64[np.ndarray, "streams *grid"]:
        """Return ids `[streams, steps]` for layouts of one row, else `[streams, rows, steps]`."""
        if not tokens.spec.same_codes(self.spec) or tokens.levels != self.levels:
            raise TokenError(
                f"the vocabulary is for {self.levels} levels of {self.spec.space}, "
                f"got {tokens.levels} of {tokens.spec.space}"
            )
        grid = self.layout.arrange(tokens).astype(np.int64)
        offsets, _ = self._bounds(tokens.frames)
        ids = np.where(grid == EMPTY, self._pad(grid == EMPTY), grid + offsets)
        return ids[:, 0] if self.layout.one_row else ids

    def from_ids(
        self, ids: Any, *, sides: Mapping[str, Any] | None = None, source: Source | None = None
    ) -> AudioTokens:
        """Return the tokens of these ids; one stream may come without its axis.

        Ids hold neither sides nor the source, the length and rate of the recording: give both back
        where the tokens had them, as in `from_ids(to_ids(tokens), source=tokens.source)`. Without a
        source tokens decode to whole frames.
        TokenError, with the position, for the first id that does not belong there, and for a
        number of ids that is not a whole number of frames.
        """
        grid = self._grid(integers("ids", ids))
        holds = (grid != self.specials.get("pad", EMPTY)).any(axis=0)
        frames = self.layout.frames_in(self.spec, holds, self.levels)
        offsets, sizes = self._bounds(frames)
        codes = grid - offsets
        empty = np.broadcast_to(sizes == 0, grid.shape)
        wrong = np.where(empty, grid != self._pad(empty), (codes < 0) | (codes >= sizes))
        if wrong.any():
            self._refuse(grid, np.argwhere(wrong)[0], offsets, sizes)
        return self.layout.restore(
            np.where(empty, EMPTY, codes), self.spec, self.levels, sides=sides, source=source
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the vocabulary as plain values, as JSON holds them."""
        table: dict[str, Any] = {
            "spec": self.spec.to_dict(), "levels": self.levels, "layout": self.layout.name,
            "text": self.text, "specials": dict(self.specials), "offsets": list(self.offsets),
            "by": self.by,
        }  # fmt: skip
        for name in ("delays", "groups"):
            if (setting := getattr(self.layout, name)) is not None:
                table[name] = list(setting)
        return table

    @classmethod
    def from_dict(cls, table: Any) -> Vocabulary:
        """Return the vocabulary of what `to_dict` gave; TokenError, or KeyError, for other."""
        table = check_keys("a vocabulary", table, _KEYS)
        settings = {k: tuple(table[k]) for k in ("delays", "groups") if k in table}
        if not isinstance(table["specials"], dict):
            raise TokenError(f"specials are names with their ids, not {table['specials']!r:.60}")
        return cls(
            TokenSpec.from_dict(table["spec"]),
            table["levels"],
            Layout(table["layout"], **settings),
            tuple(table["offsets"]),
            table["text"],
            table["specials"],
            table["by"],
        )

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the vocabulary as JSON, to be kept beside a model."""
        with replacing(path, overwrite=overwrite) as fresh:
            fresh.write_bytes(canonical_json(self.to_dict()) + b"\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Vocabulary:
        """Read what `save` wrote; TokenError for anything else."""
        try:
            return cls.from_dict(json.loads(Path(path).read_bytes()))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise TokenError(f"{path} is not a vocabulary: {error}") from error

    def _repr_html_(self) -> str:
        return vocabulary_card(self)

    def __reduce__(self) -> tuple[type[Vocabulary], tuple[Any, ...]]:
        fields = (self.spec, self.levels, self.layout, self.offsets, self.text)
        return Vocabulary, (*fields, dict(self.specials), self.by)

    def _grid(self, ids: np.ndarray) -> np.ndarray:
        """Return ids as `[streams, rows, steps]` of int64."""
        rows = self.layout.rows(self.spec, self.levels)
        if self.layout.one_row:
            ids = ids[None, None] if ids.ndim < 2 else ids[:, None]
        elif ids.ndim == 2:
            ids = ids[None]
        if ids.ndim != 3 or ids.shape[1] != rows:
            raise TokenError(f"ids of {self.layout.name} must have {rows} rows, got {ids.shape}")
        return ids.astype(np.int64)

    def _bounds(self, frames: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the offset and the size at every position; size 0 where there is no token."""
        level = self.layout.positions(self.spec, frames, self.levels).level
        steps = np.arange(level.shape[1])[None]
        slot = steps % len(self.slots) if self.by == "slot" else level
        sizes = np.array([*(self.spec.levels[k].size for k in range(self.levels)), 0])
        offsets = np.where(level == EMPTY, 0, np.array(self.offsets)[slot])
        return offsets, sizes[level]

    def _pad(self, needed: np.ndarray) -> int:
        if "pad" not in self.specials and needed.any():
            raise TokenError(
                f"layout {self.layout.name} has positions without a token; the "
                'vocabulary needs a special named "pad"'
            )
        return self.specials.get("pad", EMPTY)

    def _refuse(
        self, grid: np.ndarray, position: np.ndarray, offsets: np.ndarray, sizes: np.ndarray
    ) -> None:
        stream, row, step = (int(n) for n in position)
        low, size = int(offsets[row, step]), int(sizes[row, step])
        wanted = f"{low} to {low + size - 1}" if size else f"the pad id {self.specials.get('pad')}"
        where = f"position {step}" if self.layout.one_row else f"row {row}, step {step}"
        where = where if len(grid) == 1 else f"stream {stream}, {where}"
        raise TokenError(
            f"id {grid[stream, row, step]} at {where} does not belong there; wanted {wanted}"
        )


def _check_apart(vocabulary: Vocabulary) -> None:
    """Refuse ids that mean two things.

    Blocks may overlap where levels stand in different rows, since each row has its own embedding.
    """
    slots = list(zip(vocabulary.ranges, vocabulary.slots, strict=True))
    for row in levels_of_rows(vocabulary):
        mine = sorted((ids.start, ids.stop) for ids, level in slots if level in row)
        for (_, end), (begin, _) in zip(mine, mine[1:], strict=False):
            if begin < end:
                raise TokenError(
                    f"offsets overlap: a block begins at {begin}, inside one that ends at {end}"
                )
    for name, special in vocabulary.specials.items():
        if any(special in ids for ids in vocabulary.ranges):
            raise TokenError(f"special {name} has id {special}, which is a code's")
    if (first := min(vocabulary.offsets)) < vocabulary.text:
        raise TokenError(f"offsets begin at {first}, inside the {vocabulary.text} text ids")
    specials = list(vocabulary.specials.values())
    if len(set(specials)) < len(specials):
        raise TokenError("two specials have the same id")


def orpheus(spec: TokenSpec) -> Vocabulary:
    """Return Orpheus' ids for SNAC's three levels: 128266 + 4096 × slot in the cycle + code."""
    wanted = [(4096, 4), (4096, 2), (4096, 1)]
    if [(level.size, level.stride) for level in spec.levels] != wanted:
        raise TokenError("Orpheus' order is for three levels of 4096 with strides 4, 2, 1")
    offsets = tuple(128_266 + 4096 * slot for slot in range(7))
    specials = {
        "text_start": 128_000, "text_end": 128_009, "speech_start": 128_257, "speech_end": 128_258,
        "human_start": 128_259, "human_end": 128_260, "ai_start": 128_261, "ai_end": 128_262,
        "pad": 128_263,
    }  # fmt: skip
    return Vocabulary(spec, 3, LAYOUTS["flatten"], offsets, 128_256, specials, by="slot")
