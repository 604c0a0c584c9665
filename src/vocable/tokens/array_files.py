"""Save tokens as plain arrays, for trainers that know nothing of vocable, and read them again.

.npy            one array `[streams, levels, frames]`, which takes neither durations nor sides nor
                levels of different rates; after it a second one, the spec and the source as JSON,
                which `np.load` passes over
.npz            `codes`, or `level_0`, `level_1`, … where rates differ; `durations`, `side_*`,
                `source` (samples, rate, channels), and `spec` as JSON
.safetensors    the same names; the spec as metadata `vocable_spec`

A latent is `latents` `[streams, frames, dim]`, float32, in the latter two.
Codes have the smallest type of uint8, int16 and int32 that holds the largest codebook. Equal tokens
give equal bytes.
"""

from __future__ import annotations

import json
import os
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from ..atomic import replacing
from ..errors import FormatError, TokenError
from .formats import register
from .spec import TokenSpec
from .spec_json import canonical_json
from .spec_parts import Source
from .values import AudioTokens

ENDINGS = (".npy", ".npz", ".safetensors")
LATENT_ENDINGS = (".npz", ".safetensors")  # that hold floats
_SPEC = "vocable_spec"  # the key of safetensors' metadata: one, since several come in random order

Arrays = dict[str, np.ndarray]


def save_arrays(
    path: str | os.PathLike[str], tokens: AudioTokens, *, overwrite: bool = False
) -> None:
    """Write tokens as arrays, in the format that the name ends in, whole or not at all.

    TokenError if the format cannot hold these tokens.
    """
    ending = Path(path).suffix.lower()
    arrays = _arrays(tokens)
    if ending == ".npy" and arrays.keys() - {"source"} != {"codes"}:
        names = ", ".join(name for name in arrays if name != "source")
        others = ".npz or .vcb" if tokens.spec.latent is None else ".npz or .safetensors"
        raise TokenError(f".npy holds one array, got {names}; save as {others}")
    spec = canonical_json(tokens.spec.to_dict()).decode()
    with replacing(path, overwrite=overwrite) as fresh, open(fresh, "wb") as file:
        _write(ending, file, arrays, spec)


def read_arrays(path: str | os.PathLike[str]) -> AudioTokens:
    """Read what `save_arrays` wrote; FormatError, with the reason, for anything else."""
    read = {".npy": _read_npy, ".npz": _read_npz, ".safetensors": _read_safetensors}
    open(path, "rb").close()  # raises PermissionError, apart from the errors of damage below
    try:
        arrays, spec = read[Path(path).suffix.lower()](Path(path))
        return _tokens(arrays, TokenSpec.from_dict(json.loads(spec)))
    except FormatError:
        raise
    except Exception as error:  # numpy, zipfile and json fail in many ways on damage
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise FormatError(f"{path} does not hold tokens of vocable ({reason})") from error


def latents_in(source: Any) -> AudioTokens | None:
    """Return the tokens of a path whose file holds a latent; None for any other source."""
    ending = Path(source).suffix.lower() if isinstance(source, str | os.PathLike) else ""
    if ending not in LATENT_ENDINGS or not os.path.isfile(source):
        return None
    tokens = read_arrays(source)
    return tokens if tokens.spec.latent is not None else None


def holds_tokens(path: str | os.PathLike[str]) -> bool:
    """Return whether a file's name ends as arrays do, and it is not a model's `.safetensors`."""
    ending = Path(path).suffix.lower()
    return ending in ENDINGS and (ending != ".safetensors" or _SPEC in _metadata(path))


def _metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return file.metadata() or {}
    except SafetensorError:
        return {}


def _arrays(tokens: AudioTokens) -> Arrays:
    arrays = _rows(tokens)
    if tokens.durations is not None:
        arrays["durations"] = np.array(tokens.durations)
    if tokens.source is not None:
        arrays["source"] = np.array(astuple(tokens.source), np.int64)
    return arrays | {f"side_{name}": np.array(side) for name, side in tokens.sides.items()}


def _rows(tokens: AudioTokens) -> Arrays:
    if tokens.spec.latent is not None:
        return {"latents": np.array(tokens.latents)}
    dtype = _code_type(max(level.size for level in tokens.spec.levels[: tokens.levels]))
    if tokens.spec.uniform:
        return {"codes": tokens.codes.astype(dtype)}
    return {f"level_{k}": codes.astype(dtype) for k, codes in enumerate(tokens.stacks)}


def _tokens(arrays: Arrays, spec: TokenSpec) -> AudioTokens:
    if spec.latent is not None:
        stacks = [arrays["latents"]]
    elif "codes" in arrays:
        stacks = [arrays["codes"][:, level] for level in range(arrays["codes"].shape[1])]
    else:
        levels = sum(name.startswith("level_") for name in arrays)
        stacks = [arrays[f"level_{level}"] for level in range(levels)]
    sides = {side.name: arrays[f"side_{side.name}"] for side in spec.sides}
    source = Source(*arrays["source"].tolist()) if "source" in arrays else None
    return AudioTokens(spec, stacks, sides, arrays.get("durations"), source)


def _write(ending: str, file: Any, arrays: Arrays, spec: str) -> None:
    if ending == ".safetensors":
        from safetensors.numpy import save

        rows = {name: np.asarray(array, order="C") for name, array in arrays.items()}
        file.write(save(rows, metadata={_SPEC: spec}))  # it stores memory as it lies
    elif ending == ".npz":
        named: dict[str, Any] = {"spec": np.array(spec), **arrays}
        np.savez(file, **named)
    else:
        source = arrays["source"].tolist() if "source" in arrays else None
        np.save(file, arrays["codes"])
        np.save(file, np.array(canonical_json({"spec": json.loads(spec), "source": source})))


def _read_npy(path: Path) -> tuple[Arrays, str]:
    with open(path, "rb") as file:
        arrays = {"codes": np.load(file, allow_pickle=False)}
        if not file.peek(1):
            raise FormatError(
                f"{path} holds one array and no spec; make AudioTokens(spec, levels) of np.load"
            )
        about = json.loads(np.load(file, allow_pickle=False).item())
    if about["source"] is not None:
        arrays["source"] = np.array(about["source"])
    return arrays, json.dumps(about["spec"])


def _read_npz(path: Path) -> tuple[Arrays, str]:
    with np.load(path, allow_pickle=False) as file:
        if any(info.file_size > info.compress_size for info in file.zip.infolist()):
            raise FormatError(f"{path} is compressed, as a bomb may be; save it by np.savez")
        arrays = dict(file)
    return arrays, str(arrays.pop("spec"))


def _read_safetensors(path: Path) -> tuple[Arrays, str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            spec = (file.metadata() or {})[_SPEC]
            return {name: file.get_tensor(name) for name in file.keys()}, spec  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _code_type(size: int) -> type[np.integer]:
    if size <= 1 << 8:
        return np.uint8
    return np.int16 if size <= 1 << 15 else np.int32


register(*ENDINGS, save=save_arrays, read=read_arrays)
