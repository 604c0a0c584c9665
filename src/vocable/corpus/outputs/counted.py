"""The head that MDS and litdata share: how many items there are, and where each begins.

uint32 count, then count + 1 uint32 offsets from the beginning of the file; little-endian.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path

import numpy as np

from vocable.errors import TokenError

_MOST = 1 << 32  # bytes that an offset can tell apart


def write_items(path: Path, items: Iterable[bytes], config: bytes = b"") -> int:
    """Write items behind their offsets and `config`; return how many there are.

    TokenError for more than 4 GiB.
    """
    sizes = []
    with tempfile.TemporaryFile(dir=path.parent) as body, open(path, "wb") as file:
        for item in items:
            body.write(item)
            sizes.append(len(item))
        begin = 4 * (len(sizes) + 2) + len(config)
        offsets = list(accumulate(sizes, initial=begin))
        if offsets[-1] >= _MOST:
            raise TokenError(f"{path.name} has {offsets[-1]} bytes of {_MOST}; take smaller pieces")
        file.write(np.array([len(sizes), *offsets], "<u4").tobytes() + config)
        body.seek(0)
        shutil.copyfileobj(body, file)
    return len(sizes)


def read_items(path: Path) -> Iterator[bytes]:
    """Yield the items of a file."""
    with open(path, "rb") as file:
        (count,) = np.frombuffer(file.read(4), "<u4")
        offsets = np.frombuffer(file.read(4 * (int(count) + 1)), "<u4").astype(np.int64)
        file.seek(int(offsets[0]))
        for size in np.diff(offsets):
            yield file.read(int(size))
