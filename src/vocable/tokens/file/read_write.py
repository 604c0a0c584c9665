"""Read and write whole token files, in the coding that makes the file smallest."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping

from ...atomic import replacing
from ...binary_streams import BinaryFile, ChangeableFile, Writable
from ...errors import TokenError
from ..coder.pack import packed_bits
from ..coder.tables import TableSet, fit_tables
from ..formats import OWN, other_reader, register
from ..values import AudioTokens
from .coding_model import CodingModel
from .opening import check_exists
from .records import ID_BYTES, RecordKind, encode_record
from .stamp import stamp
from .token_file import TokenFile
from .track import Track
from .writer import TokenWriter, encode_tables


def write_tokens(
    path: str | os.PathLike[str] | Writable,
    tokens: AudioTokens | Mapping[str, AudioTokens],
    *,
    model: CodingModel | None = None,
    overwrite: bool = False,
) -> None:
    """Write a token file of one track, or of several by name; it appears whole or not at all.

    Codes are packed into bits, or coded by the frequencies that ship for their space or by ones
    that the file brings along, whichever is smallest; or by the probabilities of `model`, see
    `TokenWriter`. Equal tokens give equal bytes. Raises
    FileExistsError if something is there and `overwrite` is not set, and TokenError for a name that
    ends as an array file does (`tokens.save` writes those).
    """
    named = {"": tokens} if isinstance(tokens, AudioTokens) else dict(tokens)
    if isinstance(path, (str, os.PathLike)):
        if other_reader(path):
            raise TokenError(f"{path}: write_tokens writes {OWN}; tokens.save writes arrays")
        with replacing(path, overwrite=overwrite) as fresh, open(fresh, "w+b") as file:
            _write(file, named, model)
    else:
        whole = io.BytesIO()
        _write(whole, named, model)
        path.write(whole.getvalue())
        path.flush()


def _write(
    file: ChangeableFile, named: Mapping[str, AudioTokens], model: CodingModel | None
) -> None:
    tracks = {name: Track.of(tokens) for name, tokens in named.items()}
    tables = {name: best_tables(tokens) for name, tokens in named.items()}
    with TokenWriter(file, tracks, tables=tables, model=model) as writer:
        for name, tokens in named.items():
            writer.write(tokens, name)
    stamp(file)


def best_tables(tokens: AudioTokens) -> TableSet | None:
    """Return the tables that make these tokens smallest, their record counted; None to pack."""
    choices: list[tuple[float, TableSet | None]] = [(_bits(tokens, None), None)]
    shipped = Track.of(tokens).shipped_tables
    if shipped is not None:
        choices.append((_bits(tokens, shipped), shipped))
    if any(_can_pay(level, tokens) for level in range(tokens.levels)):
        own = _paying(tokens, fit_tables([tokens]))
        record = encode_record(bytes(ID_BYTES), RecordKind.TABLES, 0, 0, encode_tables(own))
        choices.append((_bits(tokens, own) + 8 * len(record), own))
    return min(choices, key=lambda choice: choice[0])[1]


def _can_pay(level: int, tokens: AudioTokens) -> bool:
    """Say whether packing takes more than a table does, which is a byte per code at least."""
    size = tokens.spec.levels[level].size
    return packed_bits(size, tokens.stacks[level].size) > 8 * size


def _paying(tokens: AudioTokens, fitted: TableSet) -> TableSet:
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
    per_level = tables.tables if tables else (None,) * tokens.levels
    bits = 0.0
    for level, codes, table in zip(tokens.spec.levels, tokens.stacks, per_level, strict=False):
        bits += packed_bits(level.size, codes.size) if table is None else table.bits(codes)
    return bits


def read_tokens(
    path: str | os.PathLike[str] | bytes | BinaryFile,
    *,
    track: str | None = None,
    recover: bool = False,
) -> AudioTokens:
    """Read a token file, every byte checked; tokens of a whole file know their source.

    Reads arrays that `tokens.save` wrote as well, if the name ends in .npy, .npz or .safetensors.
    track: its name, where the file holds several. recover: read what is left of a damaged file,
    with a warning that says which seconds are lost; what is left is joined.
    Raises FormatError, FileNotFoundError or IsADirectoryError, and ModelError for tokens that a
    model coded which is not at hand.
    """
    if isinstance(path, (str, os.PathLike)) and (read := other_reader(path)):
        check_exists(path)
        if track is not None:
            raise TokenError(f"{path} holds arrays of one recording and no tracks; leave track out")
        found: AudioTokens = read(path)
        return found
    with TokenFile(path, recover=recover) as file:
        return file.read(track)


register(OWN, save=write_tokens, read=read_tokens)
