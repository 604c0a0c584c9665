"""Make sure that arrays fit a spec, before they become tokens.

Codes, latents, durations and sides come back as `AudioTokens` keeps them: int32, float32, int64 or
the side's own type, read-only, and not shared with an array that somebody could still write to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..arrays import to_numpy
from ..errors import TokenError
from .spec import TokenSpec
from .spec_parts import MAX_CHANNELS, Latent, Side, Source

MAX_DURATION = 1 << 16  # base frames: as many as a chunk of a token file holds


def check_stacks(spec: TokenSpec, given: Sequence[Any]) -> tuple[np.ndarray, ...]:
    """Check codes: as many stacks as a prefix, equal streams, every code below its level's size."""
    count = len(given)
    if count not in spec.prefixes:
        allowed = ", ".join(map(str, spec.prefixes))
        raise TokenError(
            f"stacks must be as many as one of {allowed} levels of {spec.name}, got {count}"
        )
    stacks = tuple(
        _latents(codes, level)
        if isinstance(level, Latent)
        else _codes(f"level {k}", codes, level.size)
        for k, (level, codes) in enumerate(zip(spec.levels, given, strict=False))
    )
    streams = {len(codes) for codes in stacks}
    if len(streams) > 1 or not 1 <= min(streams) <= MAX_CHANNELS:
        raise TokenError(
            f"every level must have the same 1 to {MAX_CHANNELS} streams, "
            f"got {', '.join(map(str, sorted(streams)))}"
        )
    return stacks


def _codes(name: str, given: Any, size: int) -> np.ndarray:
    codes = integers(name, given)
    if codes.ndim != 2:
        raise TokenError(f"{name} must be [streams, frames], got shape {codes.shape}")
    if codes.size:
        low, high = int(codes.min()), int(codes.max())
        if low < 0 or high >= size:
            bad = low if low < 0 else high
            stream, frame = np.argwhere(codes == bad)[0]
            raise TokenError(
                f"{name} holds code {bad} at stream {stream}, frame {frame}; "
                f"codes go from 0 to {size - 1}"
            )
    return _own(codes, np.int32)


def _latents(given: Any, latent: Latent) -> np.ndarray:
    rows = _array("latents", given)
    if rows.ndim != 3 or rows.shape[2] != latent.dim or rows.dtype.kind != "f":
        raise TokenError(
            f"latents must be floats [streams, frames, {latent.dim}], got {rows.dtype} of shape "
            f"{rows.shape}"
        )
    if not np.isfinite(rows).all():
        stream, frame, number = np.argwhere(~np.isfinite(rows))[0]
        raise TokenError(
            f"latents hold {rows[stream, frame, number]} at stream {stream}, frame {frame}, "
            f"number {number}; all must be finite"
        )
    return _own(rows, np.float32)


def check_durations(
    spec: TokenSpec, stacks: tuple[np.ndarray, ...], given: Any
) -> np.ndarray | None:
    """Check durations: one stream, one rate, one positive integer per token."""
    if given is None:
        return None
    if spec.latent is not None:
        raise TokenError("durations need codes; floats last one frame each")
    if not spec.uniform or spec.segment is not None or stacks[0].shape[0] != 1:
        raise TokenError("durations need one stream, strides of 1 and no segments")
    durations = integers("durations", given)
    if durations.shape != stacks[0].shape[1:]:
        raise TokenError(
            f"durations must be one per token, {stacks[0].shape[1]}, got shape {durations.shape}"
        )
    if durations.size and not 1 <= durations.min() <= durations.max() <= MAX_DURATION:
        raise TokenError(
            f"durations must be 1 to {MAX_DURATION} frames, "
            f"got {durations.min()} to {durations.max()}"
        )
    return _own(durations, np.int64)


def count_frames(
    spec: TokenSpec,
    stacks: tuple[np.ndarray, ...],
    durations: np.ndarray | None,
    source: Source | None,
) -> int:
    """Count the finest frames, and check that every level has exactly their tokens."""
    if durations is not None:
        count = int(durations.sum())
        if len({codes.shape for codes in stacks}) > 1:
            raise TokenError("with durations every level must have the same number of tokens")
    else:
        count = min(c.shape[1] * spec.levels[k].stride for k, c in enumerate(stacks))
    samples = None
    if source is not None:
        _check_streams(spec, stacks[0].shape[0], source)
        samples = spec.samples(source)
        found, count = count, spec.frames(samples)
        _check_count(spec, stacks, durations, found, count, samples)
    if durations is None:
        for k, codes in enumerate(stacks):
            needed = spec.frames_of(k, count, samples)
            if codes.shape[1] != needed:
                raise TokenError(
                    f"level {k} must have {needed} tokens for {count} frames, got {codes.shape[1]}"
                )
    return count


def _check_count(
    spec: TokenSpec,
    stacks: tuple[np.ndarray, ...],
    durations: np.ndarray | None,
    found: int,
    count: int,
    samples: int,
) -> None:
    """Refuse a wrong count before it is split into segments, since a false source may claim many.

    Coarse levels may reach beyond the last frame of each segment, by less than their stride.
    """
    slack = max(spec.levels[k].stride for k in range(len(stacks))) - 1 if durations is None else 0
    pieces = 1 if spec.segment is None else samples // spec.segment.hop + 1
    if not 0 <= found - count <= slack * pieces:
        raise TokenError(
            f"{samples} samples at {spec.rate} Hz are {count} frames of {spec.name}, got {found}"
        )


def _check_streams(spec: TokenSpec, streams: int, source: Source) -> None:
    needed = -(-source.channels // spec.channels)
    if streams != needed:
        raise TokenError(
            f"{source.channels} channels are {needed} streams of {spec.name}, got {streams}"
        )


def check_sides(
    spec: TokenSpec, given: Mapping[str, Any], streams: int, segments: int
) -> dict[str, np.ndarray]:
    """Check sides: exactly the spec's names, each of its shape and type."""
    names = [side.name for side in spec.sides]
    if set(given) != set(names):
        raise TokenError(
            f"sides must be {', '.join(names) or 'none'} for {spec.name}, "
            f"got {', '.join(given) or 'none'}"
        )
    return {side.name: _side(side, given[side.name], streams, segments) for side in spec.sides}


def _side(side: Side, given: Any, streams: int, segments: int) -> np.ndarray:
    lead = (streams, segments) if side.per == "segment" else (streams,)
    values = _array(f"side {side.name}", given)
    if values.shape != (*lead, *side.shape):
        raise TokenError(
            f"side {side.name} must have shape {(*lead, *side.shape)}, got {values.shape}"
        )
    if values.dtype != np.dtype(side.dtype):
        raise TokenError(f"side {side.name} must be {side.dtype}, got {values.dtype}")
    return _own(values, values.dtype)


def integers(name: str, given: Any) -> np.ndarray:
    """Return an array, list or tensor of integers as an array; TokenError for anything else."""
    values = _array(name, given)
    if isinstance(given, list | tuple) and not values.size:  # of which numpy makes floats
        values = values.astype(np.int64)
    if values.dtype.kind not in "iu":
        raise TokenError(f"{name} must be integers, got {values.dtype}")
    return values


def _array(name: str, given: Any) -> np.ndarray:
    try:
        return to_numpy(given)
    except (TypeError, ValueError) as error:
        raise TokenError(f"{name} must be an array: {error}") from error


def _own(values: np.ndarray, dtype: Any) -> np.ndarray:
    """Return a read-only array that nobody else can write to."""
    if (
        values.dtype == dtype
        and not values.flags.writeable
        and values.flags.c_contiguous
        and values.base is None
    ):
        return values
    mine = np.array(values, dtype=dtype, order="C")
    mine.flags.writeable = False
    return mine
