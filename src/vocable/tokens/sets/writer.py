"""Write a set of tokens, recording by recording; the folder appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from ...errors import TokenError
from ..values import AudioTokens
from .about import About
from .files import CONTENTS, ITEMS, codes_file, describe
from .rows import Rows


class TokenSetWriter:
    """Write recordings into a new folder.

        with TokenSetWriter("tokens") as out:
            out.add({"acoustic": tokens}, About("talk", speaker="ann"))

    All recordings have the tracks of the first, of the same spec, levels and streams.
    FileExistsError where the folder is there already, unless `overwrite` is set.
    """

    def __init__(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        self.folder, self._overwrite = Path(folder), overwrite
        check_folder(self.folder, overwrite=overwrite)
        self.items = 0
        self._rows: dict[str, Rows] = {}
        self._files: dict[str, BinaryIO] = {}
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._fresh = Path(tempfile.mkdtemp(prefix=f".{self.folder.name}-", dir=self.folder.parent))
        self._list = open(self._fresh / ITEMS, "w", encoding="utf-8", newline="\n")  # noqa: SIM115

    def __enter__(self) -> TokenSetWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._close()
        try:
            if kind is None:
                self._finish()
        finally:
            shutil.rmtree(self._fresh, ignore_errors=True)

    def add(self, tracks: Mapping[str, AudioTokens], about: About) -> None:
        """Add a recording. TokenError for tracks that are not those of the others."""
        rows = self._rows or {
            name: Rows(tokens.spec, tokens.levels, tokens.streams)
            for name, tokens in tracks.items()
        }
        if set(tracks) != set(rows):
            raise TokenError(
                f"{about.name} has tracks {', '.join(tracks) or 'none'}, the set has "
                f"{', '.join(rows)}"
            )
        packed = {name: rows[name].pack(tracks[name]) for name in rows}
        digest = hashlib.sha256()
        for name, data in packed.items():
            digest.update(data.tobytes())
            self._file(name).write(data.tobytes())
        self._rows = rows
        frames = {name: tracks[name].frames for name in rows}
        line = {**about.facts, "frames": frames, "sha256": digest.hexdigest()[:16]}
        self._list.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.items += 1

    def keep(self, name: str, data: bytes) -> None:
        """Put a file beside the codes, such as what made a track of them."""
        (self._fresh / name).write_bytes(data)

    def _file(self, track: str) -> BinaryIO:
        if track not in self._files:
            self._files[track] = open(self._fresh / codes_file(track), "wb")  # noqa: SIM115
        return self._files[track]

    def _close(self) -> None:
        self._list.close()
        for file in self._files.values():
            file.close()

    def _finish(self) -> None:
        if not self.items:
            raise TokenError(f"{self.folder} would be empty; add recordings to it")
        contents = json.dumps(describe(self._rows, self.items), ensure_ascii=False)
        (self._fresh / CONTENTS).write_text(contents + "\n", encoding="utf-8")
        os.chmod(self._fresh, 0o777 & ~_umask())
        if self._overwrite and self.folder.exists():
            shutil.rmtree(self.folder)
        os.rename(self._fresh, self.folder)


def check_folder(folder: Path, *, overwrite: bool = False) -> None:
    """Raise FileExistsError for a folder that is there; always where it is not a set of tokens."""
    if not folder.exists() and not folder.is_symlink():
        return
    if not (folder / CONTENTS).is_file():
        raise FileExistsError(f"{folder} is there and not a set of tokens; name another folder")
    if not overwrite:
        raise FileExistsError(f"{folder} exists already; overwrite it, or name another folder")


def _umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found
