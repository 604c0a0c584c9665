"""Save tokens as plain arrays, for trainers that know nothing of vocable.

.npy            one array `[streams, levels, frames]`; the spec is lost, so it takes neither
                durations nor sides nor levels of different rates
.npz            `codes`, or `level_0`, `level_1`, … where rates differ; `durations`, `side_*`,
                and `spec` as JSON
.safetensors    the same names; the spec as metadata

Codes have the smallest type of uint8, int16 and int32 that holds the largest codebook.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..atomic import replacing
from ..errors import TokenError
from .formats import register
from .spec_json import canonical_json
from .values import AudioTokens

ENDINGS = (".npy", ".npz", ".safetensors")


@register(*ENDINGS)
def save_arrays(
    path: str | os.PathLike[str], tokens: AudioTokens, *, overwrite: bool = False
) -> None:
    """Write tokens as arrays, in the format that the name ends in, whole or not at all.

    TokenError if the format cannot hold these tokens.
    """
    ending = Path(path).suffix.lower()
    arrays = _arrays(tokens)
    if ending == ".npy" and set(arrays) != {"codes"}:
        raise TokenError(f".npy holds one array, got {', '.join(arrays)}; save as .npz or .vcb")
    spec = canonical_json(tokens.spec.to_dict()).decode()
    with replacing(path, overwrite=overwrite) as fresh:
        _write(ending, fresh, arrays, spec)


def _write(ending: str, path: Path, arrays: dict[str, np.ndarray], spec: str) -> None:
    if ending == ".safetensors":
        from safetensors.numpy import save_file

        save_file(arrays, path, metadata={"vocable_spec": spec})
        return
    with open(path, "wb") as file:
        if ending == ".npy":
            np.save(file, arrays["codes"])
        else:
            named: dict[str, Any] = {"spec": np.array(spec), **arrays}
            np.savez(file, **named)


def _arrays(tokens: AudioTokens) -> dict[str, np.ndarray]:
    dtype = _code_type(max(level.size for level in tokens.spec.levels[: tokens.levels]))
    if tokens.spec.uniform:
        arrays = {"codes": tokens.codes.astype(dtype)}
    else:
        arrays = {f"level_{k}": codes.astype(dtype) for k, codes in enumerate(tokens.stacks)}
    if tokens.durations is not None:
        arrays["durations"] = np.array(tokens.durations)
    return arrays | {f"side_{name}": np.array(side) for name, side in tokens.sides.items()}


def _code_type(size: int) -> type[np.integer]:
    if size <= 1 << 8:
        return np.uint8
    return np.int16 if size <= 1 << 15 else np.int32
