"""Keep results in a file, one JSON object a line, added as soon as they are there.

A last line that was broken off, since its process was killed, does not count and is removed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

from vocable.errors import FormatError

Read = TypeVar("Read")


class LineFile:
    """A file open for adding lines, that one process has at a time; its folder is made.

    Raises FileExistsError while another process has it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "ab+")
        try:
            _lock(self._file, self.path.parent)
            _end_line(self._file)
        except BaseException:
            self._file.close()
            raise

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a line, at once."""
        self._file.write(json.dumps(row).encode() + b"\n")
        self._file.flush()

    def close(self) -> None:
        """Let another process have it."""
        self._file.close()


def read_lines(path: Path, read: Callable[[Mapping[str, Any]], Read]) -> Iterator[Read]:
    """Yield what `read` makes of each whole line.

    Raises FormatError with the number of a line that is not JSON, or that `read` does not take.
    """
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return  # torn: whoever wrote it was killed, or is at it
            try:
                yield read(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise FormatError(
                    f"{path}:{number} is not a result of this version ({error}); "
                    "remove the line, or take another folder"
                ) from error


def _end_line(file: IO[bytes]) -> None:
    """Remove what a process that was killed has left of a line."""
    file.seek(0)
    found = file.read()
    whole = found.rfind(b"\n") + 1
    if whole < len(found):
        file.truncate(whole)


def _lock(file: IO[bytes], folder: Path) -> None:
    """Keep other processes out as long as this one has the file open."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(2**40)  # far behind all that is written: other processes may read that
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise FileExistsError(
            f"another run is writing to {folder}; wait for it, or take another folder"
        ) from error
    except OSError:  # a file system without locks
        return
