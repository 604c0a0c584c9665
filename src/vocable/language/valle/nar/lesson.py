"""A recording and its text as the steps that VALL-E's second model reads, whole."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from vocable.language.lessons import GIVEN, Lesson, Text
from vocable.language.valle.nar.config import ValleNARConfig
from vocable.language.valle.steps import CODES, code_steps, frames, phones, text_steps
from vocable.tokens import AudioTokens


def nar_lesson(config: ValleNARConfig, tokens: AudioTokens, text: Text) -> Lesson:
    """Return the steps of a recording: its text, then all levels, each but the first asked for."""
    codes = frames(config, tokens, config.levels)
    ids = whole_steps(config, phones(text), codes)
    levels = np.full(ids.shape, GIVEN)
    levels[len(ids) - len(codes) :, CODES + 1 :] = np.arange(1, config.levels)
    return Lesson(ids, levels)


def whole_steps(
    config: ValleNARConfig,
    symbols: Int[np.ndarray, "symbols 3"],
    codes: Int[np.ndarray, "frames levels"],
) -> Int[np.ndarray, "steps rows"]:
    """Return a text and all levels of frames as steps; a code of -1 is not known."""
    audio = code_steps(codes)
    return np.concatenate((text_steps(config, symbols, audio.shape[1]), audio))
