"""A recording goes on in the voice of its speaker, or of another: from other recordings of both.

Since the positive one goes on from another recording as well, nothing but the speaker (with the
room and the microphone) tells the two apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count

import numpy as np

from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.likelihood.making.sounds import middle, read_sounds
from vocable.evaluate.likelihood.making.splice import Item, Two, both_ways

Couple = tuple[Sequence[Clip], Sequence[Clip]]


def speaker(clips: Sequence[Clip], seconds: float, random: np.random.Generator) -> Iterator[Item]:
    """Yield items of two speakers of one set and language, each with two recordings or more."""
    speakers = _speakers(clips, random)
    kinds: dict[tuple[str, str], list[list[Clip]]] = {}
    for each in speakers:
        kinds.setdefault((each[0].set, each[0].language), []).append(each)
    couples = [
        couple for some in kinds.values() for couple in zip(some[::2], some[1::2], strict=False)
    ]
    if not couples:
        raise MeasureError(
            "needs two speakers of one set and language with two recordings each, and there are "
            f"{len(speakers)} with two recordings; give rows their `speaker`"
        )
    yield from _spliced(couples, seconds)


def gender(clips: Sequence[Clip], seconds: float, random: np.random.Generator) -> Iterator[Item]:
    """Yield items of a woman and a man of one set and language."""
    kinds: dict[tuple[str, str], dict[str, list[list[Clip]]]] = {}
    for each in _speakers(clips, random):
        if known := each[0].gender:
            kind = kinds.setdefault((each[0].set, each[0].language), {})
            kind.setdefault(known[0].lower(), []).append(each)
    couples = [
        couple
        for some in kinds.values()
        for couple in zip(some.get("f", []), some.get("m", []), strict=False)
    ]
    if not couples:
        raise MeasureError(
            "needs a woman and a man of one set and language with two recordings each; give rows "
            'their `gender`, "f" or "m"'
        )
    yield from _spliced(couples, seconds)


def _speakers(clips: Sequence[Clip], random: np.random.Generator) -> list[list[Clip]]:
    """Return the recordings of each speaker who has two, speakers and recordings in drawn order."""
    by_name: dict[str, list[Clip]] = {}
    for clip in clips:
        if clip.speaker:
            by_name.setdefault(clip.speaker, []).append(clip)
    some = [by_name[name] for name in sorted(by_name) if len(by_name[name]) > 1]
    return [[some[k][j] for j in random.permutation(len(some[k]))]
            for k in random.permutation(len(some))]  # fmt: skip


def _spliced(couples: Sequence[Couple], seconds: float) -> Iterator[Item]:
    """Yield items, couple after couple, until the recordings of one come again."""
    for turn in count():
        some = [couple for couple in couples if turn < max(map(len, couple))]
        if not some:
            return
        for couple in some:
            used = [clips[(turn + k) % len(clips)] for clips in couple for k in (0, 1)]
            owner = "+".join(sorted(clips[0].speaker for clips in couple))
            name = "-".join(clip.name for clip in used)
            yield Item(name, owner, partial(_made, used, seconds))


def _made(clips: Sequence[Clip], seconds: float) -> list[Two]:
    """Return the pairs of two recordings of each speaker: begun with one, gone on with the next."""
    sounds, rate = read_sounds(clips, seconds)
    halves = [np.split(sound, [middle(sound, rate)]) for sound in sounds]
    one, other = (halves[0][0], halves[1][1]), (halves[2][0], halves[3][1])
    return both_ways(rate, seconds, one, other)
