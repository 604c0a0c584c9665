"""Let commands treat pipes as files: input put on disk first, output filled from a whole file."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from vocable.cli.paths import PIPE, is_special
from vocable.cli.refusal import stand_in


@contextmanager
def arriving(source: str) -> Iterator[str]:
    """Yield a path that holds the input; what is said of it calls a pipe by its own name."""
    if not is_special(source):
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="vocable-") as folder:
        path = str(Path(folder) / "stdin")
        with open(path, "wb") as file:
            _fetch(source, file)
        stand_in(path, "stdin" if source == PIPE else source)
        yield path


@contextmanager
def leaving(target: str, ending: str) -> Iterator[str]:
    """Yield a path to write to; what is for stdout or a device goes there when it is whole."""
    if not is_special(target):
        yield target
        return
    with tempfile.TemporaryDirectory(prefix="vocable-") as folder:
        path = Path(folder) / f"stdout{ending}"
        stand_in(str(path), "stdout" if target == PIPE else target)
        yield str(path)
        with open(path, "rb") as file:
            _deliver(file, target)


def _fetch(source: str, file: BinaryIO) -> None:
    if source == PIPE:
        shutil.copyfileobj(sys.stdin.buffer, file)
        return
    with open(source, "rb") as pipe:
        shutil.copyfileobj(pipe, file)


def _deliver(file: BinaryIO, target: str) -> None:
    if target == PIPE:
        shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    with open(target, "wb") as device:
        shutil.copyfileobj(file, device)
