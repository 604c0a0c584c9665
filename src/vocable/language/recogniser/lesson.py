"""Frames of tokens as a recogniser reads them, and the letters that it learns from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int64

from vocable.errors import TokenError
from vocable.language.lessons import GIVEN, NOTHING, Lesson, Text
from vocable.language.letters import Letters
from vocable.language.recogniser.config import RecogniserConfig
from vocable.language.stages.config import Part
from vocable.tokens import AudioTokens


def recogniser_lesson(
    config: RecogniserConfig,
    tracks: Mapping[str, AudioTokens],
    *,
    begins: bool = True,
    ends: bool = True,
    text: Text | None = None,
) -> Lesson:
    """Return a row for each level from step 0, and behind them a row of letters from step 1.

    TokenError for a part of a recording, whose text is not known, and without a text.
    """
    if not (begins and ends):
        raise TokenError(
            "a recogniser learns from whole recordings; raise tokens.seconds above the longest"
        )
    if text is None or not text.words:
        raise TokenError("a recogniser learns from texts; give the recordings theirs")
    frames, letters = frames_of(config.part, tracks), Letters(config.letters).ids(text.words)
    time, rows = max(len(frames), 1 + len(letters)), frames.shape[1] + 1
    ids, levels = np.full((time, rows), NOTHING, np.int64), np.full((time, rows), GIVEN)
    ids[: len(frames), :-1] = frames
    ids[1 : 1 + len(letters), -1] = letters
    levels[1 : 1 + len(letters), -1] = 0
    return Lesson(ids, levels)


def frames_of(part: Part, tracks: Mapping[str, AudioTokens]) -> Int64[np.ndarray, "frames levels"]:
    """Return the codes of each frame; one that lasts several frames stands in each.

    TokenError where the track is missing, of another kind, or empty.
    """
    if part.track not in tracks:
        raise TokenError(
            f'the model reads a track "{part.track}"; there are {", ".join(tracks) or "none"}'
        )
    codes, of_level = part.arrange(tracks[part.track])
    if not len(codes):
        raise TokenError(f'the track "{part.track}" is empty; there is nothing to hear')
    levels = [codes[of_level == level] for level in range(part.last)]
    frames = max(map(len, levels))
    strides = [1 if part.dedup else level.stride for level in part.levels]
    spread = [np.repeat(each, stride) for each, stride in zip(levels, strides, strict=True)]
    return np.stack([each[:frames] for each in spread], 1)
