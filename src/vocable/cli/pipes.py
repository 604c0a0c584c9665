"""Let commands treat pipes as files: stdin put on disk first, stdout filled from a whole file."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from vocable.cli.paths import PIPE, is_special
from vocable.errors import AudioError, FormatError


@contextmanager
def arriving(source: str) -> Iterator[str]:
    """Yield a path that holds the input; errors call stdin by its name."""
    if source != PIPE:
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="vocable-") as folder:
        path = str(Path(folder) / "stdin")
        with open(path, "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        try:
            yield path
        except (AudioError, FormatError) as error:
            raise type(error)(str(error).replace(path, "stdin")) from error


@contextmanager
def leaving(target: str, ending: str) -> Iterator[str]:
    """Yield a path to write to; what is for stdout or a device goes there when it is whole."""
    if not is_special(target):
        yield target
        return
    with tempfile.TemporaryDirectory(prefix="vocable-") as folder:
        path = Path(folder) / f"stdout{ending}"
        yield str(path)
        with open(path, "rb") as file:
            _deliver(file, target)


def _deliver(file: BinaryIO, target: str) -> None:
    if target == PIPE:
        shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    with open(target, "wb") as device:
        shutil.copyfileobj(file, device)
