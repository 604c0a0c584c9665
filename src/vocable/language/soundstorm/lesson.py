"""Tracks of tokens as the frames that a SoundStorm reads."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int64

from vocable.errors import TokenError
from vocable.language.lessons import GIVEN, NOTHING, Lesson
from vocable.language.soundstorm.config import SoundStormConfig
from vocable.tokens import AudioTokens


def soundstorm_lesson(config: SoundStormConfig, tracks: Mapping[str, AudioTokens]) -> Lesson:
    """Return a step for each frame, behind one that a lesson begins with and that holds nothing.

    Rows: the levels, then what is said. All levels but those that are given may be asked for.
    """
    codes = codes_of(config, _track(tracks, config.track))
    units = None if config.semantic is None else _track(tracks, config.semantic.track)
    ids = np.concatenate((codes, beside(config, len(codes), units)), 1)
    levels = np.full_like(ids, GIVEN)
    levels[:, config.given : config.levels] = np.arange(config.given, config.levels)
    lead = ((1, 0), (0, 0))
    return Lesson(
        np.pad(ids, lead, constant_values=NOTHING), np.pad(levels, lead, constant_values=GIVEN)
    )


def codes_of(config: SoundStormConfig, tokens: AudioTokens) -> Int64[np.ndarray, "frames levels"]:
    """Return the codes of one stream. TokenError for tokens that the model does not know."""
    if not tokens.spec.same_codes(config.tokens):
        raise TokenError(
            f"{config.track} is of {tokens.spec.space}, the model models {config.tokens.space}"
        )
    if tokens.streams != 1:
        raise TokenError(f"{config.track} has {tokens.streams} streams; SoundStorm models one")
    if tokens.levels < config.levels:
        raise TokenError(
            f"{config.track} has {tokens.levels} levels, the model models {config.levels}"
        )
    stacks = tokens.expand().stacks[: config.levels]
    return np.stack([each[0] for each in stacks], 1).astype(np.int64)


def beside(
    config: SoundStormConfig, frames: int, units: AudioTokens | None
) -> Int64[np.ndarray, "frames rows"]:
    """Return the rows of what is said."""
    if config.semantic is None or units is None:
        return np.zeros((frames, 0), np.int64)
    return config.semantic.arrange(units, frames, config.rate)


def _track(tracks: Mapping[str, AudioTokens], name: str) -> AudioTokens:
    if name not in tracks:
        raise TokenError(f'the model reads a track "{name}"; there are {", ".join(tracks)}')
    return tracks[name]
