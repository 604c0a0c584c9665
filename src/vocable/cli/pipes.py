"""Treat pipes and devices as files: input is copied to disk first, output when it is complete."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from vocable.cli.errors import name_in_messages
from vocable.cli.paths import PIPE, is_special


@contextmanager
def input_path(source: str) -> Iterator[str]:
    """Yield the path of a regular file with the input; messages show the source's own name."""
    if not is_special(source):
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="vocable-") as folder:
        path = str(Path(folder) / "stdin")
        with open(path, "wb") as file:
            _read_all(source, file)
        name_in_messages(path, "stdin" if source == PIPE else source)
        yield path


@contextmanager
def output_path(target: str, ending: str) -> Iterator[str]:
    """Yield a path to write to; for stdout or a device it is a temporary file, copied at the end.

    `ending` is that of the temporary file, which says its format.
    """
    if not is_special(target):
        yield target
        return
    with tempfile.TemporaryDirectory(prefix="vocable-") as folder:
        path = Path(folder) / f"stdout{ending}"
        name_in_messages(str(path), "stdout" if target == PIPE else target)
        yield str(path)
        with open(path, "rb") as file:
            _write_all(file, target)


def _read_all(source: str, file: BinaryIO) -> None:
    if source == PIPE:
        shutil.copyfileobj(sys.stdin.buffer, file)
        return
    with open(source, "rb") as pipe:
        shutil.copyfileobj(pipe, file)


def _write_all(file: BinaryIO, target: str) -> None:
    if target == PIPE:
        shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    with open(target, "wb") as device:
        shutil.copyfileobj(file, device)
