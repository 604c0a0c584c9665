"""Recordings that are files of their own: a folder, a manifest, or a list of paths or addresses."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from vocable.audio.formats import READABLE
from vocable.audio.manifest import read_manifest
from vocable.corpus.addresses import fetched, is_address
from vocable.corpus.entry import Entry, Found, Recordings
from vocable.corpus.pieces import Piece
from vocable.errors import RecipeError
from vocable.folders import search


def of_folder(folder: str) -> Iterator[Entry]:
    """Yield the recordings of a folder and those below it, named by their way from it."""
    found = search(folder, READABLE)
    if found.unread:
        error = found.unread[0]
        raise RecipeError(f"{error.filename} cannot be searched ({error.strerror})")
    for path in found.files:
        name = os.path.relpath(path, folder).replace(os.sep, "/")
        yield Entry(os.path.splitext(name)[0], os.path.abspath(path))


def of_manifest(path: str) -> Iterator[Entry]:
    """Yield the recordings of a manifest; `id` names a row, else its path without the ending."""
    lines = Path(path).read_text(encoding="utf-8-sig").split("\n")
    rows = [json.loads(line) for line in lines if line.strip()]
    for row, clip in zip(rows, read_manifest(path), strict=True):
        given = str(row.get("path") or row.get("file_name"))
        name = os.path.splitext(given.replace(os.sep, "/"))[0] + (
            f"@{clip.start:g}" if clip.start else ""
        )
        place = given if is_address(given) else os.path.abspath(clip.path)
        yield Entry(
            str(row.get("id") or name), place, clip.start, clip.end,
            clip.text, clip.speaker, clip.language,
        )  # fmt: skip


def of_list(places: list[str], base: str) -> Iterator[Entry]:
    """Yield the recordings at paths, which are seen from `base`, or at addresses."""
    for place in places:
        whole = place if is_address(place) else os.path.abspath(os.path.join(base, place))
        yield Entry(os.path.splitext(place.partition("://")[2] or place)[0], whole)


def read(piece: Piece) -> Recordings:
    """Yield the recordings of a piece; those at addresses are fetched."""
    for entry in piece.entries:
        yield _found(entry)


def _found(entry: Entry) -> Found:
    if not is_address(entry.path):
        return Found(entry, entry.path)
    try:
        return Found(entry, fetched(entry.path))
    except OSError as error:
        return Found(entry, fault=f"{entry.path} cannot be fetched ({error})")
