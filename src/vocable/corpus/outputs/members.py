"""Members of a tar, the same bytes whoever writes them and when."""

from __future__ import annotations

import io
import tarfile

import numpy as np


def add_member(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a file, of nobody and of no time."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def npy_bytes(array: np.ndarray) -> bytes:
    """Return an array as a file of NumPy."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()
