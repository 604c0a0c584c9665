"""Frames of tokens, and Whisper's sequence of what is said in them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vocable.errors import TokenError
from vocable.language.lessons import GIVEN, NOTHING, Lesson, Text
from vocable.language.letters import Letters
from vocable.language.recogniser.lesson import frames_of
from vocable.language.transcriber.config import TranscriberConfig
from vocable.tokens import AudioTokens, Passage, Transcript

STEPS = 50  # Whisper's, a second


def transcriber_lesson(
    config: TranscriberConfig,
    tracks: Mapping[str, AudioTokens],
    *,
    begins: bool = True,
    ends: bool = True,
    text: Text | None = None,
) -> Lesson:
    """Return a row for each level, and behind them Whisper's sequence: one passage, its two times.

    TokenError for a part of a recording, one of more than 30 s, and without a text.
    """
    if not (begins and ends) or text is None or not text.words:
        raise TokenError("a transcriber learns from whole recordings with texts; give them theirs")
    frames, tokens = frames_of(config.part, tracks), tracks[config.part.track]
    letters = Letters(config.letters).ids(text.words) - 1
    passage = Passage(tuple(letters.tolist()), 0, max(1, round(float(tokens.seconds) * STEPS)))
    language = text.language or config.language
    written = config.vocabulary.to_ids(Transcript((passage,), language, "transcribe"))
    time, rows = max(len(frames), len(written)), frames.shape[1] + 1
    ids, levels = np.full((time, rows), NOTHING, np.int64), np.full((time, rows), GIVEN)
    ids[: len(frames), :-1] = frames
    ids[: len(written), -1] = written
    levels[1 : len(written), -1] = 0
    return Lesson(ids, levels)
