"""Make the tasks of enhancement and separation of clips: mixtures, and what they are made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.mixtures import Separate
from vocable.evaluate.probes.sound import Mixed, Recorded
from vocable.evaluate.probes.splits import one_split
from vocable.evaluate.probes.task import Fold, Task
from vocable.evaluate.probes.tasks import NOT_SPEECH, UNKNOWN

MOST = 300  # mixtures of a set
LOUDER = (0.0, 10.0)  # dB by which speech is louder than noise, drawn evenly
APART = (-5.0, 5.0)  # dB between two voices
HEADS = ("crdnn", "conformer")


def enhancement(clips: Sequence[Clip], name: str, noises: Sequence[Clip]) -> Task:
    """Tell the tokens of speech from those of speech with noise at 0 to 10 dB.

    Neither speakers nor sources of noise of the test are in train.
    """
    speech = [clip for clip in clips if clip.language != NOT_SPEECH and not clip.label]
    if not noises:
        raise MeasureError(f"{name}: needs noise beside it, a set whose language is {NOT_SPEECH}")
    voices, others = _parts(speech, name), _parts(noises, f"noise for {name}")
    folds = Fold(*(tuple(_mixtures(*pair, LOUDER)) for pair in zip(voices, others, strict=True)))
    return Task("enhancement", name, Separate(parts=1), HEADS, (folds,))


def separation(clips: Sequence[Clip], name: str) -> Task:
    """Tell the tokens of two speakers from those of both at once, at -5 to 5 dB."""
    speech = [clip for clip in clips if clip.language != NOT_SPEECH and not clip.label]
    if len({clip.speaker for clip in speech} - set(UNKNOWN)) < 6:
        raise MeasureError(f"{name}: needs 6 known speakers or more, two in each part")
    parts = [tuple(_mixtures(part, part, APART)) for part in _parts(speech, name)]
    return Task("separation", name, Separate(parts=2), HEADS, (Fold(*parts),))


def _parts(clips: Sequence[Clip], name: str) -> tuple[tuple[Example, ...], ...]:
    """Return the clips of train, valid and test, apart by speaker, else by clip."""
    known = len({clip.speaker for clip in clips} - set(UNKNOWN)) >= 3
    examples = [Example(Recorded(c), c.speaker if known else c.name) for c in clips]
    fold = one_split(examples, name)[0]
    return fold.train, fold.valid, fold.test


def _mixtures(
    first: Sequence[Example], second: Sequence[Example], decibels: tuple[float, float]
) -> list[Example]:
    """Return mixtures of examples with those of other owners, the same ones every time."""
    drawn = np.random.default_rng(len(first))
    made = []
    for k in drawn.permutation(len(first))[:MOST]:
        one = first[k]
        others = [each for each in second if each.owner != one.owner]
        if not others:
            raise MeasureError("a mixture needs another speaker or a noise in each part")
        two = others[int(drawn.integers(len(others)))]
        level = round(float(drawn.uniform(*decibels)), 1)
        both = first is second  # both are voices, whose tokens are asked for
        parts = [Mixed(one.sound, two.sound, level, "first")]
        parts += [Mixed(one.sound, two.sound, level, "second")] if both else []
        made.append(Example(Mixed(one.sound, two.sound, level), one.owner, parts=tuple(parts)))
    return made
