"""Compare a source with what it was when a corpus of it was planned."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from vocable.corpus.pieces import Piece
from vocable.corpus.plan import read_pieces
from vocable.corpus.sources import cut

_Seals = dict[str, str]


def source_faults(folder: Path, source: str | os.PathLike[str]) -> Iterator[str]:
    """Yield what has come, gone or changed since, by the size and time of files, a line each.

    Recordings that are files of their own are compared by id, tars and tables by their paths.
    """
    before, now = _seals(read_pieces(folder)), _seals(cut(source))
    for name in sorted(before.keys() | now.keys()):
        if name not in now:
            yield f"{name} has gone from {source}"
        elif name not in before:
            yield f"{name} has come to {source}"
        elif before[name] != now[name]:
            yield f"{name} is another file in {source} than it was"


def _seals(pieces: Iterable[Piece]) -> _Seals:
    found: _Seals = {}
    for piece in pieces:
        if piece.entries:
            found |= zip((entry.id for entry in piece.entries), piece.seals, strict=True)
        else:
            part = f", row group {piece.part[0]}" if piece.part else ""
            found[piece.place + part] = piece.seals[0]
    return found
