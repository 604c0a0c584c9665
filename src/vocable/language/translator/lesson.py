"""A pair of recordings as what a translator learns from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vocable.errors import TokenError
from vocable.language.lessons import GIVEN, NOTHING, Lesson, Text
from vocable.language.letters import Letters
from vocable.language.stages.config import Part
from vocable.language.translator.config import TranslatorConfig
from vocable.tokens import AudioTokens

TARGET, SOURCE, SOURCE_TEXT, TARGET_TEXT = range(4)  # the rows of a lesson


def translator_lesson(
    config: TranslatorConfig,
    tracks: Mapping[str, AudioTokens],
    *,
    begins: bool = True,
    ends: bool = True,
    text: Text | None = None,
) -> Lesson:
    """Return four rows side by side, each from step 0: target, source, and the letters of both.

    The target has its beginning and end; letters are none where there is no text. TokenError for a
    part of a pair, since neither side says where the other would be cut.
    """
    if not (begins and ends):
        raise TokenError("a translator reads whole pairs; raise tokens.seconds above the longest")
    sides = {name: part_of(getattr(config, name), tracks) for name in ("source", "target")}
    for name, part in (("source", config.source), ("target", config.target)):
        if not len(sides[name]):
            raise TokenError(f'the track "{part.track}" is empty; there is nothing to translate')
    rows = [np.r_[config.begin, sides["target"], config.end], sides["source"]]
    letters = Letters(config.letters) if config.heads and text is not None else None
    for name, words in (("source", text and text.source), ("target", text and text.words)):
        asked = letters is not None and any(head.text == name for head in config.heads)
        rows.append(letters.ids(words or "") if asked and letters else np.zeros(0, np.int64))
    ids = np.full((max(map(len, rows)), len(rows)), NOTHING, np.int64)
    for row, each in enumerate(rows):
        ids[: len(each), row] = each
    levels = np.full_like(ids, GIVEN)
    levels[1 : len(rows[TARGET]), TARGET] = 0
    levels[len(rows[TARGET]) - 1, TARGET] = len(config.target.tokens.levels)
    return Lesson(ids, levels)


def part_of(part: Part, tracks: Mapping[str, AudioTokens]) -> np.ndarray:
    """Return the units of a part. TokenError names the tracks that there are."""
    if part.track not in tracks:
        raise TokenError(
            f'the model reads a track "{part.track}"; there are {", ".join(tracks) or "none"}'
        )
    return part.arrange(tracks[part.track])[0]
