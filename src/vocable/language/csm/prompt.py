"""Prompts of CSM: segments one after the other, and what stays of them where the context is full.

Whole segments are left out, the oldest first, never the last: half a segment would be speech with
the wrong text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vocable.errors import ModelError, TokenError
from vocable.language.csm.config import CsmConfig
from vocable.language.csm.segments import (
    Rows,
    Segment,
    audio_rows,
    frames_of,
    text_rows,
)
from vocable.language.text_ids import TextIds


@dataclass(frozen=True)
class CsmPrompt:
    """rows: ids `[positions, levels + 1]`. left_out: how many segments did not fit, the oldest.

    text: how many ids the text of the last segment has.
    """

    rows: Rows
    left_out: int
    text: int


def segment_rows(
    segment: Segment, config: CsmConfig, ids: TextIds | None, *, ended: bool = True
) -> Rows:
    """Return text, sound and end of a segment as rows; of one that goes on, no end."""
    parts = [text_rows(segment, config, ids)]
    if segment.audio is not None:
        parts.append(audio_rows(frames_of(segment.audio, config), config, ended=ended))
    return np.concatenate(parts)


def build_prompt(
    segments: Sequence[Segment], config: CsmConfig, ids: TextIds | None, *, room: int
) -> CsmPrompt:
    """Return a prompt of at most `room` positions.

    The last segment is what is to be spoken: its text alone, or with the sound that it begins with,
    from which the model goes on. Those before it are whole. Raises TokenError for segments that
    make no prompt, ModelError for a last one that does not fit.
    """
    _check_order(segments)
    last = len(segments) - 1
    each = [
        segment_rows(segment, config, ids, ended=number < last)
        for number, segment in enumerate(segments)
    ]
    lengths = [len(rows) for rows in each]
    if lengths[-1] > room:
        raise ModelError(
            f"the last segment takes {lengths[-1]} positions, and beside what is to come the "
            f"context has {room}; shorten it, or ask for fewer frames"
        )
    left_out = 0
    while sum(lengths[left_out:]) > room:
        left_out += 1
    text = int((each[-1][:, -1] >= 0).sum())
    return CsmPrompt(np.concatenate(each[left_out:]), left_out, text)


def _check_order(segments: Sequence[Segment]) -> None:
    if not segments:
        raise TokenError("the prompt is empty; give at least the segment that is to be spoken")
    for number, segment in enumerate(segments[:-1]):
        if segment.audio is None:
            raise TokenError(
                f"segment {number} has no sound; only the last one, which is to be spoken, may "
                "lack it"
            )
