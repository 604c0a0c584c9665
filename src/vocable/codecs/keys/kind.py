"""Say what a file of weights is, by its first bytes; its name says nothing.

No torch is loaded, and nothing is read beyond the beginning.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Literal

from vocable.codecs.keys.nemo import is_nemo
from vocable.errors import ModelError

Kind = Literal["safetensors", "torch", "index", "nemo"]

# that weights usually have
ENDINGS = (".safetensors", ".bin", ".pth", ".th", ".pt", ".ckpt", ".nemo")
_HEAD = 512  # bytes: enough for all that is told apart here
_LONGEST = 100_000_000  # bytes of a header of safetensors, whose length stands before it
_ZIP = b"PK\x03\x04"  # torch.save since 2020
_PICKLES = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))  # torch.save before
_TAR, _TAR_AT = b"ustar", 257
_LFS = b"version https://git-lfs"
_HTML = (b"<!doctype", b"<html", b"<?xml", b"<head")
_OTHERS = {
    b"GGUF": "a GGUF file",
    b"\x1f\x8b": "a gzip archive",
    b"\x89HDF": "an HDF5 file",
    b"\x08\x07": "an ONNX file",
    b"\x08\x08": "an ONNX file",
}


def kind_of(path: Path) -> Kind | None:
    """Return how a file holds weights, None if it is something else.

    Raises ModelError for what came in place of weights: nothing, a web page, a pointer of Git LFS.
    """
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    _check_came(path, head)
    if head.startswith(_ZIP):
        return "torch" if _zip_holds_pickle(path) else None
    if head.startswith(_PICKLES):
        return "torch"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _LONGEST:
        return "safetensors"
    if head[_TAR_AT:].startswith(_TAR):
        return "nemo" if is_nemo(path) else None
    if head.lstrip().startswith(b"{") and b'"weight_map"' in path.read_bytes():
        return "index"
    return None


def check_is_weights(path: Path) -> Kind:
    """Return how a file holds weights; ModelError, saying what it is, where it holds none."""
    found = kind_of(path)
    if found is None:
        raise ModelError(
            f"{path} is {_other(path)}; vocable reads safetensors and what torch.save writes"
        )
    return found


def _check_came(path: Path, head: bytes) -> None:
    if not head:
        raise ModelError(f"{path} is empty; fetch it again")
    if head.startswith(_LFS):
        raise ModelError(
            f"{path} is a pointer of Git LFS, not the file that it stands for; run `git lfs pull` "
            "there, or download the file itself"
        )
    if head.lstrip().lower().startswith(_HTML):
        raise ModelError(
            f"{path} is a web page, not weights; download the file itself (its address has "
            "/resolve/ where that of the page has /blob/)"
        )


def _zip_holds_pickle(path: Path) -> bool:
    """Return whether a zip is one of torch's; a broken one counts, for torch to say so."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("data.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return True


def _other(path: Path) -> str:
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    for magic, name in _OTHERS.items():
        if head.startswith(magic):
            return name
    if head[_TAR_AT:].startswith(_TAR):
        return "a tar archive without weights"
    if head.startswith(_ZIP):
        return "a zip archive without weights"
    return f"not a checkpoint (it begins with {head[:8].hex(' ')}, {os.path.getsize(path)} bytes)"
