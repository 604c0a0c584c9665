"""Read the centres of scikit-learn's k-means from joblib and pickle files, and run nothing of them.

Published units come as such files. Of `KMeans` and `MiniBatchKMeans` the array
`cluster_centers_` is taken, in the three ways in which numpy and joblib write arrays; joblib's may
be compressed by zlib.
"""

from __future__ import annotations

import io
import math
import os
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from vocable.errors import ModelError
from vocable.units.pickle_reader import Call, read_pickle

LARGEST = 1 << 30  # bytes that a compressed file may become
MOST_VALUES = 1 << 28  # of one array
# What files of scikit-learn ask for, old and new, with numpy 1 and 2.
_KNOWN = re.compile(
    r"sklearn\.cluster\.(_kmeans|k_means_) (KMeans|MiniBatchKMeans)"
    r"|numpy (ndarray|dtype)"
    r"|numpy\.(core|_core)\.multiarray (_reconstruct|scalar)"
    r"|numpy\.(core|_core)\.numeric _frombuffer"
    r"|numpy\.random\._pickle (__randomstate_ctor|__bit_generator_ctor)"
    r"|numpy\.random(\._mt19937 MT19937| __RandomState_ctor)"
    r"|(sklearn\.externals\.)?joblib\.numpy_pickle NumpyArrayWrapper"
    r"|_codecs encode|copy_reg _reconstructor|__builtin__ object"
)
_NUMBERS = re.compile(r"[biufc][1248]|c16")
_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZ": "bzip2", b"\xfd7": "xz", b"]\0": "lzma", b'\x04"': "lz4"}


def read_kmeans(path: str | os.PathLike[str]) -> Float32[np.ndarray, "size width"]:
    """Return the centres in a file of scikit-learn's k-means, written by joblib or pickle.

    ModelError for files that ask for anything else to be run, that hold no centres, or that are
    damaged or compressed in another way than zlib's.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            held = read_pickle(_unpacked(file), _is_known, _read_array)
        return _centres(held)
    except ModelError as error:
        raise ModelError(f"{path} {error}") from error


def _is_known(module: str, name: str) -> bool:
    return _KNOWN.fullmatch(f"{module} {name}") is not None


def _unpacked(file: io.BufferedIOBase) -> io.BufferedIOBase:
    """Return the pickle inside a file; one that is compressed is held in memory."""
    start = file.read(2)
    file.seek(0)
    if start == b"PK":
        raise ModelError("is a zip, such as torch.save writes; k-means comes as joblib or pickle")
    if start in _COMPRESSED:
        raise ModelError(f"is compressed by {_COMPRESSED[start]}; write it again uncompressed")
    if start[:1] != b"x" or start == b"x":
        return file
    reader = zlib.decompressobj()
    try:
        data = reader.decompress(file.read(), LARGEST)
    except zlib.error as error:
        raise ModelError(f"is damaged ({error}); fetch it again") from error
    if reader.unconsumed_tail:
        raise ModelError(f"becomes more than {LARGEST >> 20} MiB; write it again uncompressed")
    if not reader.eof:
        raise ModelError("is damaged: it ends early; fetch it again")
    return io.BytesIO(data)


def _centres(held: Any) -> Float32[np.ndarray, "size width"]:
    state = held.state if isinstance(held, Call) else None
    if not isinstance(state, dict) or "cluster_centers_" not in state:
        raise ModelError("holds no fitted k-means of scikit-learn: there is no cluster_centers_")
    found = _as_array(state["cluster_centers_"])
    if found.ndim != 2 or not found.size or found.dtype.kind != "f":
        raise ModelError(
            f"holds centres of shape {found.shape} and type {found.dtype}; wanted [centres, "
            "channels] of floats"
        )
    if not np.isfinite(found).all():
        raise ModelError("holds centres that are NaN or infinite; fetch it again")
    return np.array(found, np.float32, order="C")  # its own, which torch may take


# ---- arrays -------------------------------------------------------------------------------------


def _read_array(note: Call, file: io.BufferedIOBase) -> None:
    """Take the numbers that joblib writes behind the note of an array."""
    if not note.is_of("NumpyArrayWrapper"):
        return
    state = note.state
    if state.get("numpy_array_alignment_bytes") is not None:
        _take(file, _take(file, 1)[0])
    note.data = _take(file, _size(state["shape"]) * _dtype(state["dtype"]).itemsize)


def _take(file: io.BufferedIOBase, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise ModelError("is damaged: it ends inside an array; fetch it again")
    return data


def _as_array(note: Any) -> np.ndarray:
    """Return an array from what would make it, whichever of the three ways that is."""
    if isinstance(note, Call) and note.is_of("NumpyArrayWrapper") and note.data is not None:
        state = note.state
        return _shaped(note.data, state["dtype"], state["shape"], state["order"] == "F")
    if isinstance(note, Call) and note.is_of("_reconstruct") and note.state is not None:
        _, shape, dtype, by_columns, data = note.state
        return _shaped(_bytes(data), dtype, shape, bool(by_columns))
    if isinstance(note, Call) and note.is_of("_frombuffer"):
        data, dtype, shape, order = note.arguments
        return _shaped(_bytes(data), dtype, shape, order == "F")
    raise ModelError("holds centres that are not an array of numbers")


def _shaped(data: bytes, dtype: Any, shape: Any, by_columns: bool) -> np.ndarray:
    kind = _dtype(dtype)
    if len(data) != _size(shape) * kind.itemsize:
        raise ModelError(f"is damaged: an array of {shape} has {len(data)} bytes; fetch it again")
    return np.frombuffer(data, kind).reshape(shape, order="F" if by_columns else "C")


def _bytes(data: Any) -> bytes:
    """Return bytes, which protocol 2 writes as text to be encoded in latin-1."""
    if isinstance(data, Call) and data.is_of("encode") and data.arguments[1] == "latin1":
        return bytes(data.arguments[0], "latin-1")
    if not isinstance(data, bytes | bytearray):
        raise ModelError("holds centres that are not an array of numbers")
    return bytes(data)


def _dtype(note: Any) -> np.dtype[Any]:
    """Return a type of numbers from `numpy.dtype("f8")` and its state, which says the order."""
    name = note.arguments[0] if isinstance(note, Call) and note.is_of("dtype") else None
    if not isinstance(name, str) or not _NUMBERS.fullmatch(name):
        raise ModelError(f"holds an array of {str(name)[:20]}, which are not numbers")
    backwards = bool(note.state) and note.state[1] == ">"
    return np.dtype(f">{name}" if backwards else f"<{name}")


def _size(shape: Sequence[Any]) -> int:
    if not all(type(n) is int and n >= 0 for n in shape) or math.prod(shape) > MOST_VALUES:
        raise ModelError(f"has an array of shape {shape}; at most {MOST_VALUES} numbers are read")
    return math.prod(shape)
