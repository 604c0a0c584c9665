"""Hold frequency tables: how often each code comes, as integers that sum to 2¹⁶.

Tables are fitted, stored and used as integers, so that no bit of a file depends on a machine's
floating point. A set holds one table per level, or none for a level that is better packed. Its name
is the start of the SHA-256 of its bytes; sets that ship with the package lie in `tokens/tables/`
under their name, and those that a release had are kept for good.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Int64, Integer

from ...errors import FormatError, TokenError
from ..values import AudioTokens
from ..varint import encode_varints, read_varint

PRECISION = 16
TOTAL = 1 << PRECISION
MAX_TABLE_SIZE = 1 << 14  # above, what every code must have at least costs more than it saves
NAME_BYTES = 8
FOLDER = Path(__file__).parent.parent / "tables"


class MissingTables(FormatError):
    """A file needs tables that this version of vocable does not have."""


@dataclass(frozen=True, eq=False)
class Table:
    """How often each code of a level comes: `frequencies` are ≥ 1 and sum to 2¹⁶."""

    frequencies: Int64[np.ndarray, " size"]

    def __post_init__(self) -> None:
        given = self.frequencies
        if not 2 <= len(given) <= MAX_TABLE_SIZE or given.min() < 1 or given.sum() != TOTAL:
            raise FormatError(
                f"a table must have 2 to {MAX_TABLE_SIZE} frequencies of at least 1 "
                f"that sum to {TOTAL}, got {len(given)} with sum {given.sum()}"
            )

    @classmethod
    def fit(cls, counts: Integer[np.ndarray, " size"]) -> Table:
        """Return the table for codes that were counted so often; those never seen stay possible."""
        size = len(counts)
        if size > MAX_TABLE_SIZE:
            raise TokenError(f"a table must have at most {MAX_TABLE_SIZE} codes, got {size}")
        weights = counts.astype(np.int64) * 2 + 1  # half a count more each: Krichevsky-Trofimov
        free = TOTAL - size
        shares, remainders = np.divmod(weights * free, weights.sum())
        left = free - int(shares.sum())
        order = np.argsort(-remainders, kind="stable")
        shares[order[:left]] += 1
        return cls(shares + 1)

    @property
    def size(self) -> int:
        """Codes of the level."""
        return len(self.frequencies)

    @cached_property
    def cumulative(self) -> np.ndarray:
        """The frequencies of all codes before each code: where its slots begin."""
        cumulative: np.ndarray = np.cumsum(self.frequencies) - self.frequencies
        return cumulative

    def bits(self, codes: Integer[np.ndarray, "..."]) -> float:
        """Bits that these codes take, their cross-entropy under the table: an estimate."""
        return float((PRECISION - np.log2(self.frequencies[codes])).sum())


@dataclass(frozen=True, eq=False)
class TableSet:
    """One table per level; None for a level that is packed.

    The first tables of a set keep the set's name, by which files find them again.
    """

    tables: tuple[Table | None, ...]
    taken_from: bytes = b""  # the name of the set whose first tables these are; empty: all of it

    def to_bytes(self) -> bytes:
        """Write, for each level, 0, or 1 and every frequency less one."""
        parts = []
        for table in self.tables:
            if table is None:
                parts.append(b"\0")
            else:
                parts.append(b"\1" + encode_varints((table.frequencies - 1).tolist()))
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, data: bytes, sizes: Sequence[int]) -> TableSet:
        """Read tables for levels of these sizes; FormatError for anything else."""
        tables: list[Table | None] = []
        at = 0
        for size in sizes:
            flag, at = read_varint(data, at)
            if flag > 1 or (flag and size > MAX_TABLE_SIZE):
                raise FormatError(f"tables must begin with 0 or 1 for each level, got {flag}")
            found = np.zeros(size if flag else 0, np.int64)
            for k in range(len(found)):
                value, at = read_varint(data, at)
                found[k] = min(value, TOTAL)
            tables.append(Table(found + 1) if flag else None)
        if at != len(data):
            raise FormatError(f"tables end after {at} bytes, got {len(data)}")
        return cls(tuple(tables))

    @cached_property
    def name(self) -> bytes:
        """The first 8 bytes of the SHA-256 of `to_bytes()` of the complete set."""
        return self.taken_from or hashlib.sha256(self.to_bytes()).digest()[:NAME_BYTES]

    def first(self, levels: int) -> TableSet:
        """Return the tables of the first levels."""
        return self if levels == len(self.tables) else TableSet(self.tables[:levels], self.name)

    def save(self, folder: Path, space: str) -> Path:
        """Write this set under its name into `folder`, and list it there as the one for `space`."""
        path = folder / f"{self.name.hex()}.bin"
        path.write_bytes(self.to_bytes())
        index = folder / "spaces.json"
        spaces = json.loads(index.read_text()) if index.exists() else {}
        spaces[space] = self.name.hex()
        index.write_text(json.dumps(spaces, indent=1, sort_keys=True) + "\n")
        return path


def fit_tables(recordings: Iterable[AudioTokens]) -> TableSet:
    """Return the tables that suit the codes of these recordings of one spec best.

    Levels with more codes than a table may have get none.
    """
    counts: list[np.ndarray | None] = []
    for tokens in recordings:
        sizes = [level.size for level in tokens.spec.levels[: tokens.levels]]
        counts = counts or [
            np.zeros(size, np.int64) if size <= MAX_TABLE_SIZE else None for size in sizes
        ]
        for total, codes in zip(counts, tokens.stacks, strict=True):
            if total is not None:
                total += np.bincount(codes.ravel(), minlength=len(total))
    return TableSet(tuple(None if total is None else Table.fit(total) for total in counts))


def is_shipped(name: bytes) -> bool:
    """Say whether the set of this name comes with the package."""
    return (FOLDER / f"{name.hex()}.bin").is_file()


@lru_cache(maxsize=64)
def shipped(name: bytes, sizes: tuple[int, ...]) -> TableSet:
    """Load the shipped set of this name; MissingTables if this version has none."""
    path = FOLDER / f"{name.hex()}.bin"
    if not path.is_file():
        raise MissingTables(
            f"the file needs tables {name.hex()}, which this version of vocable does "
            "not have; install the vocable that wrote it"
        )
    found = TableSet.from_bytes(path.read_bytes(), sizes)
    if found.name != name:
        raise FormatError(f"the tables in {path} are damaged; install vocable again")
    return found


@lru_cache(maxsize=64)
def shipped_for(space: str, sizes: tuple[int, ...]) -> TableSet | None:
    """Load the set that ships for a space, or None."""
    index = FOLDER / "spaces.json"
    spaces = json.loads(index.read_text()) if index.is_file() else {}
    return shipped(bytes.fromhex(spaces[space]), sizes) if space in spaces else None
