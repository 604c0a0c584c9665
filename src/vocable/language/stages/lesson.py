"""Tracks of tokens as the row that a stage reads."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int

from vocable.errors import TokenError
from vocable.language.lessons import GIVEN, Lesson
from vocable.language.stages.config import BEGIN, INSIDE, TURN, StageConfig
from vocable.tokens import AudioTokens


def stage_lesson(
    config: StageConfig,
    tracks: Mapping[str, AudioTokens],
    *,
    begins: bool = True,
    ends: bool = True,
) -> Lesson:
    """Return the row of a recording, of which the model foretells the target.

    begins, ends: whether the tokens are the first and the last of their recording.
    """
    parts = [given_ids(config, tracks, begins=begins)]
    levels = [np.full(len(parts[0]), GIVEN)]
    codes, of_level = config.target.arrange(_track(tracks, config.target.track))
    parts.append(codes + np.array(config.offsets[-1])[of_level - config.target.first])
    levels.append(of_level)
    if ends:
        parts.append(np.array([config.end]))
        levels.append(np.array([config.last]))
    return Lesson(np.concatenate(parts)[:, None], np.concatenate(levels)[:, None])


def given_ids(
    config: StageConfig, tracks: Mapping[str, AudioTokens], *, begins: bool = True
) -> Int[np.ndarray, " ids"]:
    """Return what stands before the target: where the row begins, and what is given."""
    parts = [np.array([BEGIN if begins else INSIDE])]
    for part, offsets in zip(config.given, config.offsets, strict=False):
        codes, of_level = part.arrange(_track(tracks, part.track))
        parts += [codes + np.array(offsets)[of_level - part.first], np.array([TURN])]
    return np.concatenate(parts)


def _track(tracks: Mapping[str, AudioTokens], name: str) -> AudioTokens:
    if name not in tracks:
        raise TokenError(f'the model reads a track "{name}"; there are {", ".join(tracks)}')
    return tracks[name]
