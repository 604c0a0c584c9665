"""Read one file of weights, or several, whichever way they are stored.

Several lie behind an index, or are two halves: NAME_encoder.bin and NAME_decoder.bin, both perhaps
with _v2 behind (FACodec); or others belong to one, and lie beside it (DualCodec's statistics, and
w2v-BERT, which it hears by).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import safetensors

from vocable.codecs.keys.kind import check_is_weights
from vocable.codecs.keys.nemo import nemo_parts
from vocable.errors import ModelError
from vocable.nearest import listed

if TYPE_CHECKING:
    from torch import Tensor


# a file's name -> what belongs to it where it lies beside it, and what its keys get before them
_BELONGS = {
    re.compile(r"dualcodec_\w+\.safetensors"): {
        "w2vbert2_mean_var_stats_emilia.pt": "statistics.",
        "w2v-bert-2.0/model.safetensors": "w2v-bert-2.0.",
    }
}
_HALF = re.compile(r"(.+_)(encoder|decoder)((?:_v\d+)?\.\w+)")


class Header(NamedTuple):
    """What a file says before its tensors are read: shapes by key, and plain values."""

    shapes: dict[str, tuple[int, ...]]
    stated: dict[str, Any]


def files_of(path: Path) -> tuple[Path, ...]:
    """Return the files that hold the tensors: the parts that an index names, or the file itself.

    With it comes its other half, and what else belongs to it, where that lies beside it.
    """
    if check_is_weights(path) != "index":
        return tuple(sorted({path, *_beside(path)}))
    parts = [path.parent / name for name in parts_of(path)]
    missing = [part.name for part in parts if not part.is_file()]
    if missing:
        raise ModelError(
            f"{path} names {listed(missing)}, which {'is' if len(missing) == 1 else 'are'} not "
            "beside it; fetch all parts into one folder"
        )
    return tuple(parts)


def _beside(path: Path) -> dict[Path, str]:
    """Return the files beside one that belong to it, and what their keys get before them."""
    half = other_half(path.name)
    named = {half: ""} if half else {}
    for pattern, others in _BELONGS.items():
        named |= others if pattern.fullmatch(path.name) else {}
    found = {path.parent / name: prefix for name, prefix in named.items()}
    return {file: prefix for file, prefix in found.items() if file.is_file()}


def other_half(name: str) -> str | None:
    """Return what the other half of a model would be called; None for a file that is whole."""
    if not (found := _HALF.fullmatch(name)):
        return None
    before, half, ending = found.groups()
    return f"{before}{'decoder' if half == 'encoder' else 'encoder'}{ending}"


def parts_of(index: Path) -> list[str]:
    """Return the names of the files that an index names, which may only lie beside it."""
    try:
        names = set(json.loads(index.read_text(encoding="utf-8-sig"))["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{index} is not an index of weights ({error}); fetch it again") from error
    for name in names:
        if not isinstance(name, str) or Path(name).name != name or name in ("", index.name):
            raise ModelError(f"{index} names {name!r}, which is not a file beside it")
    return sorted(names)


def header_of(path: Path) -> Header:
    """Return the shapes by key, without torch for safetensors; torch reads what it saved."""
    shapes: dict[str, tuple[int, ...]] = {}
    stated: dict[str, Any] = {}
    prefixes = _beside(path)
    for file in files_of(path):
        if check_is_weights(file) == "safetensors":
            found = Header(_shapes(file), {})
        else:
            tensors, more = _unpickled(file)
            found = Header({key: tuple(value.shape) for key, value in tensors.items()}, more)
        own = {prefixes.get(file, "") + key: shape for key, shape in found.shapes.items()}
        _check_twice(path, shapes, own)
        shapes |= own
        stated |= found.stated
    return Header(shapes, stated)


def tensors_of(path: Path, below: str = "") -> dict[str, Tensor]:
    """Return the tensors whose keys begin so, as stored, on the CPU."""
    from vocable import weights

    tensors: dict[str, Tensor] = {}
    prefixes = _beside(path)
    for file in files_of(path):
        safe, prefix = check_is_weights(file) == "safetensors", prefixes.get(file, "")
        own = "" if prefix else below
        found = weights.read(file, below=own) if safe else _unpickled(file)[0]
        named = {prefix + key: value for key, value in found.items()}
        tensors |= {key: value for key, value in named.items() if key.startswith(below)}
    return tensors


def _unpickled(file: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors by their keys, and what else is stated: of NeMo's also its config."""
    from vocable.codecs.keys.pickled import read_pickled

    if check_is_weights(file) != "nemo":
        return read_pickled(file)
    with nemo_parts(file) as (config, weights):
        tensors, more = read_pickled(file, weights)
    return tensors, more | {"model_config": config}


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    try:
        with safetensors.safe_open(str(path), framework="numpy") as file:
            return {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
    except safetensors.SafetensorError as error:
        raise ModelError(f"{path} is damaged ({error}); fetch it again") from error


def _check_twice(path: Path, known: Mapping[str, Any], more: Mapping[str, Any]) -> None:
    if twice := known.keys() & more.keys():
        raise ModelError(f"{path} has {listed(sorted(twice))} in two of its parts")
