"""Held-out texts as a model speaks them between steps, beside their recordings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from vocable.audio import Audio
from vocable.language.generator import Generator
from vocable.speak.finetune.likeness import Likeness
from vocable.speak.finetune.verdicts import Scores

_FLOOR = 1e-5  # of full scale: silence


@dataclass(frozen=True, eq=False)
class Spoken:
    """audio: a text, spoken. coded: its recording, by the codec. ended: by the model's own end."""

    audio: Audio
    coded: Audio
    ended: bool


def decoded(speaker: Generator, frames: Sequence[np.ndarray] | np.ndarray) -> Audio:
    """Return a speaker's frames as its codec decodes them; of none, sound of no length."""
    if not len(frames):
        return Audio(np.zeros((1, 0), np.float32), speaker.codec.spec.writes)
    sound: Audio = speaker.codec.decode(speaker.tokens(frames))
    return sound


def with_spoken(scores: Scores, spoken: Sequence[Spoken], likeness: Likeness | None) -> Scores:
    """Return scores with those of what was spoken; as they are where nothing was."""
    if not spoken:
        return scores
    return replace(
        scores,
        samples=len(spoken),
        ended=sum(each.ended for each in spoken),
        quieter=float(np.mean([_level(each.coded) - _level(each.audio) for each in spoken])),
        likeness=None if likeness is None else likeness(each.audio for each in spoken),
    )


def _level(audio: Audio) -> float:
    """Return a level in dB of full scale."""
    power = float(np.mean(np.square(audio.samples))) if audio.samples.size else 0.0
    return 20 * math.log10(max(_FLOOR, math.sqrt(power)))
