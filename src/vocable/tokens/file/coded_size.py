"""Count the bytes that codes take in a token file."""

from __future__ import annotations

from ..coder.tables import is_shipped
from ..values import AudioTokens
from . import chunk
from .chunker import TrackChunker
from .read_write import best_tables
from .track import Track

SECONDS = 10  # of a chunk, as files have


def coded_bytes(tokens: AudioTokens) -> int:
    """Return the bytes of the codes in the file that `write_tokens` writes.

    Chunks are counted with what they need to be read (durations, segments, their sides), and
    tables that the file has to bring along; the file's header, its records' heads and its trailer
    are not.
    """
    tables, track = best_tables(tokens), Track.of(tokens)
    chunker = TrackChunker(0, track, SECONDS, tables)
    total = 0 if tables is None or is_shipped(tables.name) else len(tables.to_bytes())
    for part in (*chunker.add(tokens), *chunker.flush()):
        total += len(chunk.encode(track, chunker.frames, part, tables))
        chunker.frames += part.frames
    return total
