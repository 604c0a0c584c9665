"""Join the chunks of a track to tokens that know their source."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from ...errors import FormatError, TokenError
from ..joining import concatenate
from ..spec_parts import Source
from ..values import AudioTokens
from .contents import IncompleteWarning
from .track import Track


def assemble(
    track: Track,
    chunks: Sequence[AudioTokens],
    item_sides: dict[str, np.ndarray],
    source: Source | None,
) -> AudioTokens:
    """Return the tokens of all chunks; FormatError if a side of the track is lost."""
    if source is None:
        chunks = _up_to_short_segment(track, chunks)
    lost = [side.name for side in track.spec.item_sides if side.name not in item_sides]
    if lost:
        raise FormatError(f"side {lost[0]} of the track is lost, and its tokens with it")
    arrays = concatenate(
        chunks, track.spec, track.levels, track.streams, item_sides, track.durations
    )
    try:
        return AudioTokens(track.spec, *arrays, source)
    except TokenError as error:
        raise FormatError(str(error)) from error


def _up_to_short_segment(track: Track, chunks: Sequence[AudioTokens]) -> Sequence[AudioTokens]:
    """Leave out what follows a short segment: without the samples, only the last may be short."""
    if track.spec.segment is None:
        return chunks
    short = [k for k, chunk in enumerate(chunks) if chunk.frames % track.unit]
    kept = chunks[: short[0] + 1] if short else chunks
    if len(kept) < len(chunks):
        left_out = sum(chunk.frames for chunk in chunks[len(kept) :])
        warnings.warn(
            IncompleteWarning(
                f"{left_out} frames after a short segment are left out: without the number of "
                "samples it is not known where they belong"
            ),
            stacklevel=4,
        )
    return kept
