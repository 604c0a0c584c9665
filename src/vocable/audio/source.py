"""Open what holds a recording as a file: a path, an open file, the bytes of one, a pipe, "-".

An open file that can seek is read whole, from its start, wherever it stands; one that cannot is
read from where it is.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..binary_streams import BinaryFile, as_bytes
from ..errors import AudioError

_PIECE = 2**20  # bytes copied at a time


def name_of(source: Any) -> str:
    """Return the name of a source for messages."""
    if isinstance(source, Mapping):
        source = source.get("path")
    if isinstance(source, str | os.PathLike):
        return "stdin" if str(source) == "-" else os.fspath(source)
    return str(getattr(source, "name", "audio"))


def open_seekable(source: Any, cleanup: contextlib.ExitStack) -> str | BinaryFile:
    """Return the path of a regular file, or an open file at its start that can seek.

    What is neither in memory nor a file on disk is copied to disk, so that memory stays small.
    `cleanup` closes what is opened here. Raises FileNotFoundError, IsADirectoryError,
    PermissionError, and AudioError for an empty file and for what is not a file at all.
    """
    name = name_of(source)
    if isinstance(source, Mapping):
        source = _in_row(source)
    if isinstance(source, str | os.PathLike) and str(source) != "-":
        path = _existing(source)
        if path.is_file():
            _check_not_empty(path.stat().st_size, str(path))
            open(path, "rb").close()  # raises PermissionError, which libraries hide
            return os.fspath(path)
        source = cleanup.enter_context(open(path, "rb"))
    file = _as_file(source, cleanup)
    file = file if _is_stored(file) else _copy(file, name, cleanup)
    _check_not_empty(file.seek(0, os.SEEK_END), name)
    file.seek(0)
    return file


def opened(file: str | BinaryFile) -> contextlib.AbstractContextManager[BinaryFile]:
    """Open a path; leave an open file to whoever opened it."""
    return open(file, "rb") if isinstance(file, str) else contextlib.nullcontext(file)


def _existing(source: str | os.PathLike[str]) -> Path:
    path = Path(source)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a recording in it")
    if not path.exists():
        if "://" in str(source):
            raise FileNotFoundError(f"{source} is an address; fetch it, then pass its bytes")
        raise FileNotFoundError(f"{path}: there is no such file")
    return path


def _in_row(row: Mapping[str, Any]) -> Any:
    """Return the bytes or the path in a row of a data set."""
    for key in ("bytes", "path"):
        if row.get(key) is not None:
            return row[key]
    keys = ", ".join(map(str, row)) or "none"
    raise AudioError(
        f"a row with the keys {keys} holds no recording; wanted bytes or path, or array and "
        'sampling_rate; of a larger row, pass its part, as row["audio"]'
    )


def _as_file(source: Any, cleanup: contextlib.ExitStack) -> Any:
    """Return something with `read`: open files as they are, others opened."""
    if isinstance(source, str | os.PathLike):
        return sys.stdin.buffer
    content = source.content if hasattr(source, "status_code") else source  # an HTTP response
    if (data := as_bytes(content)) is not None:
        return io.BytesIO(data)
    if hasattr(source, "read"):
        return source.buffer if hasattr(source, "buffer") else source  # opened without "b"
    if hasattr(source, "open"):  # a path in an archive or on a server
        return cleanup.enter_context(source.open("rb"))
    raise AudioError(
        f"audio is {type(source).__name__}; wanted a path, an open file, the bytes of one, an "
        "Audio, (samples, rate), or samples with rate=; one at a time"
    )


def _is_stored(file: Any) -> bool:
    """Say whether a file lies in memory or on disk; others may claim to seek and fail later."""
    if isinstance(file, io.BytesIO) and not file.closed:
        return True
    try:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode) and bool(file.seekable())
    except (AttributeError, OSError, TypeError, ValueError):
        return False


def _copy(source: Any, name: str, cleanup: contextlib.ExitStack) -> BinaryFile:
    copy = cleanup.enter_context(tempfile.TemporaryFile())
    try:
        if _position(source):
            source.seek(0)
        while piece := _checked(source.read(_PIECE), name):
            copy.write(piece)
    except (OSError, AudioError):
        raise
    except Exception as error:  # each kind of archive has its own
        reason = str(error).partition("\n")[0].rstrip(".")
        raise AudioError(
            f"{name} cannot be read ({reason}); pass its bytes, or a file that is open in mode rb"
        ) from error
    return copy


def _checked(data: Any, name: str) -> bytes:
    found = as_bytes(data)
    if found is None:
        raise AudioError(
            f"{name} gives {type(data).__name__} and not bytes; open it in mode rb, or pass its "
            "bytes or (samples, rate)"
        )
    return found


def _position(source: Any) -> int:
    """Return where a file that can seek stands; 0 for one that cannot."""
    try:
        return int(source.tell()) if source.seekable() else 0
    except (AttributeError, TypeError, OSError):
        return 0


def _check_not_empty(size: int, name: str) -> None:
    if size == 0:
        raise AudioError(f"{name} is empty (0 bytes); record or fetch it again")
