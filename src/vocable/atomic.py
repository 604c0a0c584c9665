"""Put a file, or a new folder, in place whole or not at all.

Everything that vocable writes goes to a temporary file beside its target, is flushed to the disk
and then renamed over it. A crash, a full disk or Ctrl-C leaves the old file (or none) under the
final name. The next write into the same folder removes what processes that died left behind; two
writes to one target at the same time are refused.

A process that writes holds a lock on its temporary file: where nobody does, the file is stale.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_ENDING = ".vocable-part"
_TRIES, _WAIT = 5, 0.01  # seconds; who looks for stale files holds a lock for a moment
_IN_USE, _EXISTS = 32, 80  # errors of Windows
_searched: set[Path] = set()  # folders whose stale files this process has removed


class Replacement:
    """A temporary file that becomes `target` on `commit` and vanishes on `discard`.

    Write to `path`. A target of "-" is stdout, and one that is not a regular file (a pipe, a
    device) stays what it is: both receive the finished bytes on `commit`. Raises FileExistsError if
    the target exists and `overwrite` is not set, and FileNotFoundError if its folder is missing.
    """

    path: Path

    def __init__(self, target: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        self.target = Path(target)
        self.overwrite = overwrite
        self._done = False
        self._handle: int | None = None  # holds the lock on `path`
        self._copies = str(target) == "-" or _is_special(self.target)
        if self._copies:
            handle, name = tempfile.mkstemp(prefix="vocable-", suffix=".part")
            os.close(handle)
            self.path = Path(name)
        else:
            check_target(self.target, overwrite=overwrite)
            self.target = self.target.resolve()  # replace what a link points at, not the link
            self.path = _temporary_path(self.target)
            _remove_stale(self.path.parent)
            self._handle = _create_locked(self.path, Path(target))
            if not overwrite and self.target.exists():  # another process was there first
                self.discard()
                check_target(target)

    def commit(self) -> None:
        """Flush the temporary file and give it its final name."""
        try:
            _sync(self.path)
            if self._copies:
                self._copy()
            else:
                check_target(self.target, overwrite=self.overwrite)
                if sys.platform == "win32":  # an open file cannot be renamed there
                    self._unlock()
                os.replace(self.path, self.target)
                self._release()
                _sync_folder(self.target.parent)
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove the temporary file; does nothing after `commit` or another `discard`."""
        if not self._done:
            if sys.platform == "win32":  # nor removed
                self._unlock()
            self.path.unlink(missing_ok=True)
            self._release()

    def _release(self) -> None:
        self._done = True
        self._unlock()

    def _unlock(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _copy(self) -> None:
        with open(self.path, "rb") as done:
            if str(self.target) == "-":
                shutil.copyfileobj(done, sys.stdout.buffer)
                sys.stdout.buffer.flush()
            else:
                with open(self.target, "wb") as out:
                    shutil.copyfileobj(done, out)


@contextlib.contextmanager
def replacing(target: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a path to write to, which becomes `target` unless the body raises."""
    fresh = Replacement(target, overwrite=overwrite)
    try:
        yield fresh.path
    except BaseException:
        fresh.discard()
        raise
    fresh.commit()


@contextlib.contextmanager
def new_folder(target: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a folder to write into, which becomes `target` unless the body raises.

    FileExistsError where there is something by that name, before or after; with `overwrite` a
    folder is replaced, once the new one is whole. What a process that died left behind goes with
    the next one that writes `target`.
    """
    folder = Path(target)
    if not overwrite:
        check_new(folder)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        if overwrite and folder.is_dir():
            old = folder.with_name(f".{folder.name}.old")
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
            unfinished.rename(folder)
            shutil.rmtree(old)
        else:
            check_new(folder)
            unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def check_new(target: str | os.PathLike[str]) -> None:
    """Refuse what exists, before any work is done."""
    if os.path.lexists(target):
        raise FileExistsError(f"{target} exists already; name another, or remove it")


def check_target(target: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Refuse a target that cannot or may not be written, before any work is done."""
    path = Path(target)
    if str(target) == "-":  # stdout, even if a file has that name
        return
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {path.parent}; make it first")
    if path.exists() and not overwrite and not _is_special(path):
        raise FileExistsError(
            f"{path} exists; take another name, or overwrite=True (--force) to replace it"
        )


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def _temporary_path(target: Path) -> Path:
    """Name the temporary file, always the same one, so that runs that died leave at most one."""
    name = target.name
    if len(os.fsencode(name)) > 200:  # names may have 255 bytes
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return target.with_name(f".{name}{_ENDING}")


def _remove_stale(folder: Path) -> None:
    """Remove the temporary files of processes that died, once a folder and process."""
    if folder in _searched:
        return
    _searched.add(folder)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for name in [entry.name for entry in entries if entry.name.endswith(_ENDING)]:
            with contextlib.suppress(OSError):  # it belongs to others, or there are no locks here
                _remove_if_stale(folder / name)


def _remove_if_stale(path: Path) -> None:
    if sys.platform == "win32":  # where a file cannot be removed while it is open
        path.unlink()
        return
    handle = os.open(path, os.O_RDWR)
    try:
        if _lock(handle, path):
            path.unlink()
    finally:
        os.close(handle)


def _create_locked(path: Path, target: Path) -> int:
    """Create `path` empty and locked; FileExistsError while another process writes `target`."""
    for attempt in range(_TRIES):
        time.sleep(attempt * _WAIT)
        try:
            handle = _try_to_create(path)
        except PermissionError as error:  # of the folder, which nobody knows by a hidden name
            raise PermissionError(error.errno, error.strerror, str(target)) from None
        if handle is not None:
            return handle
    raise FileExistsError(
        f"{target} is being written by someone else; wait for them or take another name"
    )


def _try_to_create(path: Path) -> int | None:
    """Return a handle of the empty, locked file; None while someone else has it."""
    if sys.platform == "win32":  # an open file is locked: it can be neither removed nor renamed
        try:
            path.unlink(missing_ok=True)
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        except (PermissionError, FileExistsError) as error:
            if getattr(error, "winerror", _IN_USE) not in (_IN_USE, _EXISTS):
                raise
            return None
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        ours = _lock(handle, path)
    except OSError:  # a file system without locks
        ours = True
    if ours:
        os.ftruncate(handle, 0)
        return handle
    os.close(handle)
    return None


def _lock(handle: int, path: Path) -> bool:
    """Lock a file unless another process has it, or has renamed or removed it meanwhile."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return path.exists() and os.path.samestat(os.fstat(handle), path.stat())


def _sync(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
