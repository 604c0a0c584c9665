"""A recording and its text as the steps that VALL-E's first model reads."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from vocable.errors import TokenError
from vocable.language.lessons import GIVEN, NOTHING, Lesson, Text
from vocable.language.valle.ar.config import ValleARConfig
from vocable.language.valle.steps import AT, CODES, code_steps, frames, phones, text_steps
from vocable.tokens import AudioTokens


def ar_lesson(config: ValleARConfig, tokens: AudioTokens, text: Text) -> Lesson:
    """Return the steps of a whole recording: its text, then groups of the first level, its end."""
    groups = in_groups(config, tokens)
    if not len(groups):
        raise TokenError(
            f"the recording has {tokens.frames} frames, fewer than a step's {config.groups}"
        )
    audio = code_steps(np.concatenate((groups, np.full((1, config.groups), NOTHING))))
    audio[-1, CODES] = config.end
    levels = np.full(audio.shape, GIVEN)
    levels[:-1, CODES:], levels[-1, CODES] = 0, config.last
    known = text_steps(config, phones(text), audio.shape[1])
    return Lesson(
        np.concatenate((known, audio)), np.concatenate((np.full_like(known, GIVEN), levels))
    )


def prompt_steps(
    config: ValleARConfig, symbols: Int[np.ndarray, "symbols 3"], prompt: AudioTokens
) -> Int[np.ndarray, "steps rows"]:
    """Return what a stream begins with: the texts, and the prompt's groups."""
    audio = code_steps(in_groups(config, prompt))
    return np.concatenate((text_steps(config, symbols, audio.shape[1]), audio))


def next_step(config: ValleARConfig, at: int, codes: np.ndarray) -> np.ndarray:
    """Return what goes in after a step that was drawn, the audio's step number `at`."""
    row = np.full(CODES + config.groups, NOTHING)
    row[AT], row[CODES:] = at, codes[: config.groups]
    return row


def in_groups(config: ValleARConfig, tokens: AudioTokens) -> Int[np.ndarray, "steps groups"]:
    """Return the first level in groups; frames too many for these are left out at the start."""
    codes = frames(config, tokens, 1)[:, 0]
    return codes[len(codes) % config.groups :].reshape(-1, config.groups)
