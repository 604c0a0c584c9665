"""The unit of work: one piece of the source becomes one shard of the output, and its mark.

Made in a folder of its own, then moved into place, then marked: whoever dies on the way leaves what
the next one to make the piece writes again, byte for byte.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from vocable.corpus.encoder import Encoder
from vocable.corpus.hearing import Facts, Heard, hear
from vocable.corpus.marks import Item, Mark, sealed
from vocable.corpus.messages import Care
from vocable.corpus.outputs.base import Output, Written
from vocable.corpus.pieces import Piece
from vocable.corpus.rows import Row
from vocable.corpus.sources import read
from vocable.corpus.windows import Window, ahead, windows
from vocable.tokens import AudioTokens

UNFINISHED = ".unfinished-"


def make_shard(
    folder: Path, piece: Piece, encoder: Encoder, output: Output, care: Care | None = None
) -> Mark:
    """Make a piece and return its mark, which is in place then.

    OSError where the folder cannot be written, which says nothing of the piece.
    """
    care = care or Care()
    items: list[Item] = []
    failed: list[tuple[str, str]] = []
    rows = _rows(piece, encoder, output, care, items, failed)
    fresh = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}{piece.number}-", dir=folder))
    try:
        first = next(rows, None)
        written = Written([])
        if first is not None:
            written = output.write(fresh, piece.number, chain([first], rows))
        files = sealed(fresh, written.names)
        for name in written.names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(fresh / name, folder / name)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    mark = Mark(piece.number, files, tuple(items), tuple(failed), written.extra)
    mark.write(folder)
    return mark


def _rows(
    piece: Piece,
    encoder: Encoder,
    output: Output,
    care: Care,
    items: list[Item],
    failed: list[tuple[str, str]],
) -> Iterator[Row]:
    """Yield what became tokens; note that, and what did not, in the order of the source."""
    known: set[str] = set()

    def cut() -> Iterator[Window]:
        return windows(_heard(piece, encoder, care), care.alone)

    for window in cut() if care.at else ahead(cut):
        if care.at:
            care.at(tuple(number for number, _ in window))
        recordings = [each for _, each in window]
        for each, tokens in zip(recordings, encoder.encode(recordings), strict=True):
            why = _refused(each, tokens, known, piece, output)
            if isinstance(tokens, str) or each.facts is None or why:
                failed.append((each.entry.id, why))
                continue
            known.add(each.entry.id)
            items.append(_item(each.entry.id, each.facts, tokens))
            yield Row(each.entry, tokens, each.facts)


def _refused(
    recording: Heard, tokens: AudioTokens | str, known: set[str], piece: Piece, output: Output
) -> str:
    """Return why a recording becomes nothing, empty where it does."""
    if isinstance(tokens, str):
        return tokens
    if recording.entry.id in known:
        return f"another recording of {piece.place} has its id"
    return output.refuses(tokens)


def _item(name: str, facts: Facts, tokens: AudioTokens) -> Item:
    channels = tokens.source.channels if tokens.source else facts.channels
    silent = round(facts.silent, 6)
    return Item(name, facts.digest, facts.samples, facts.rate, channels, tokens.frames, silent)


def _heard(piece: Piece, encoder: Encoder, care: Care) -> Iterator[tuple[int, Heard]]:
    settings = encoder.settings
    for number, found in enumerate(read(piece)):
        if number in care.left:
            yield number, Heard(found.entry, fault=care.left[number])
            continue
        if care.at:
            care.at((number,))
        yield number, hear(found, encoder.rate, mix=settings.mix, allow_loud=settings.allow_loud)


def remove_unfinished(folder: Path) -> None:
    """Remove what those left behind who died while they made a piece."""
    for path in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)
