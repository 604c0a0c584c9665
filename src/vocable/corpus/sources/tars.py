"""Recordings in tars, as WebDataset writes them: KEY.flac with KEY.json or KEY.txt beside it.

A tar is read once, from its beginning to its end, so it may come from an address.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from vocable.audio.formats import READABLE
from vocable.corpus.addresses import opened
from vocable.corpus.entry import Entry, Found, Recordings
from vocable.corpus.pieces import Piece

_TEXT = ("text", "transcript", "transcription", "sentence")


def read(piece: Piece) -> Recordings:
    """Yield the recordings of a tar; what follows a fault of the tar itself is lost, and said."""
    key, members = "", dict[str, bytes]()
    try:
        with opened(piece.place) as file, tarfile.open(fileobj=file, mode="r|*") as tar:
            for name, data in _members(tar):
                stem, ending = _parted(name)
                if stem != key:
                    yield from _recording(key, members)
                    key, members = stem, {}
                members[ending] = data
        yield from _recording(key, members)
    except (tarfile.TarError, OSError, EOFError) as error:
        yield Found(Entry(piece.place), fault=f"{piece.place} breaks off {_after(key)} ({error})")


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for member in tar:
        if member.isfile() and (file := tar.extractfile(member)) is not None:
            data = file.read()
            if len(data) < member.size:
                raise tarfile.ReadError(f"{len(data)} of {member.size} bytes of {member.name}")
            yield member.name, data


def _after(key: str) -> str:
    return f"in or after {key}" if key else "before its first recording"


def _parted(name: str) -> tuple[str, str]:
    """Return key and ending as WebDataset cuts them: at the first dot behind the last folder."""
    folder, slash, last = name.rpartition("/")
    stem, _, ending = last.partition(".")
    return folder + slash + stem, "." + ending.lower()


def _recording(key: str, members: dict[str, bytes]) -> Iterator[Found]:
    sounds = [ending for ending in members if "." + ending.rpartition(".")[2] in READABLE]
    if len(sounds) > 1:
        names = " and ".join(key + ending for ending in sounds[:2])
        fault = f"{names} are two recordings of one key, since a key ends at its first dot"
        yield Found(Entry(key), fault=fault)
    elif sounds:
        yield Found(_described(Entry(key), members), members[sounds[0]])


def _described(entry: Entry, members: dict[str, bytes]) -> Entry:
    known: dict[str, Any] = {}
    try:
        table = json.loads(members.get(".json", b"{}"))
        if isinstance(table, dict):
            known = {name: str(table[name]) for name in ("speaker", "language") if table.get(name)}
            texts = [str(table[name]) for name in _TEXT if table.get(name)]
            known["text"] = texts[0] if texts else ""
        if ".txt" in members:
            known["text"] = members[".txt"].decode().strip()
    except ValueError:  # not JSON, or not UTF-8: then nothing is known of it
        pass
    return replace(entry, **known)
