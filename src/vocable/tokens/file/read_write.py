"""Write and read whole recordings, with the coding that makes the smallest file."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ...atomic import replacing
from ..coder.pack import packed_bits
from ..coder.tables import TableSet, fit_tables
from ..values import AudioTokens
from .streams import Seekable, Writable
from .token_file import TokenFile
from .track import Track
from .writer import TokenWriter


def write_tokens(
    path: str | os.PathLike[str] | Writable,
    tokens: AudioTokens | Mapping[str, AudioTokens],
    *,
    overwrite: bool = False,
) -> None:
    """Write a token file of one track, or of several by name; it appears whole or not at all.

    Codes are packed into bits, or coded by the frequencies that ship for their space or by ones
    that the file brings along, whichever is smallest. Raises FileExistsError if something is there
    and `overwrite` is not set.
    """
    named = {"": tokens} if isinstance(tokens, AudioTokens) else dict(tokens)
    if isinstance(path, (str, os.PathLike)):
        with replacing(path, overwrite=overwrite) as fresh, open(fresh, "wb") as file:
            _write(file, named)
    else:
        _write(path, named)


def _write(file: Writable, named: Mapping[str, AudioTokens]) -> None:
    tracks = {name: Track.of(tokens) for name, tokens in named.items()}
    tables = {name: best_tables(tokens) for name, tokens in named.items()}
    with TokenWriter(file, tracks, tables=tables) as writer:
        for name, tokens in named.items():
            writer.write(tokens, name)


def best_tables(tokens: AudioTokens) -> TableSet | None:
    """Return the tables that make these tokens smallest, their own bytes counted; None to pack."""
    choices: list[tuple[float, TableSet | None]] = [(_bits(tokens, None), None)]
    known = Track.of(tokens).shipped_tables
    if known is not None:
        choices.append((_bits(tokens, known), known))
    if any(_long_enough(level, tokens) for level in range(tokens.levels)):
        own = _worthwhile(tokens, fit_tables([tokens]))
        choices.append((_bits(tokens, own) + 8 * len(own.to_bytes()), own))
    return min(choices, key=lambda choice: choice[0])[1]


def _long_enough(level: int, tokens: AudioTokens) -> bool:
    """Say whether packing takes more than the byte per code that a table takes at least."""
    size = tokens.spec.levels[level].size
    return packed_bits(size, tokens.stacks[level].size) > 8 * size


def _worthwhile(tokens: AudioTokens, fitted: TableSet) -> TableSet:
    """Keep the tables that save more than they take."""
    kept = []
    for codes, table in zip(tokens.stacks, fitted.tables, strict=True):
        if table is not None:
            cost = table.bits(codes) + 8 * len(TableSet((table,)).to_bytes())
            table = table if cost < packed_bits(table.size, codes.size) else None
        kept.append(table)
    return TableSet(tuple(kept))


def _bits(tokens: AudioTokens, tables: TableSet | None) -> float:
    """Bits of these tokens under tables, levels without one packed."""
    given = tables.tables if tables else (None,) * tokens.levels
    bits = 0.0
    for level, codes, table in zip(tokens.spec.levels, tokens.stacks, given, strict=False):
        bits += packed_bits(level.size, codes.size) if table is None else table.bits(codes)
    return bits


def read_tokens(
    path: str | os.PathLike[str] | Seekable, *, track: str | None = None, recover: bool = False
) -> AudioTokens:
    """Read a token file, every byte checked; tokens of a whole file know their source.

    track: its name, where the file holds several. recover: read what is left of a damaged file,
    with a warning that says which seconds are lost; what is left is joined.
    Raises FormatError, FileNotFoundError or IsADirectoryError.
    """
    with TokenFile(path, recover=recover) as file:
        return file.read(track)
