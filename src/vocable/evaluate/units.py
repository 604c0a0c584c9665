"""Say how good semantic units are: what they tell of phones, what of speakers, and how many come.

PNMI and purities grow with the number of units, and with how few frames there are: compare them at
equal numbers of units, beside those of MFCC, of log-mels and of random weights.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from vocable.errors import MeasureError
from vocable.evaluate.by_speaker import BySpeaker, count_by_speaker, ratio
from vocable.evaluate.intervals import Interval
from vocable.evaluate.phones import token_times
from vocable.evaluate.recording import Recording, Refusal, attempt, check_some
from vocable.evaluate.stability import Tokenizes
from vocable.measures.abx import LIBRI_LIGHT, WHOLE, AbxScore, Saying, abx, sayings_of
from vocable.measures.phones import (
    check_within,
    cluster_purity,
    labels_at,
    phone_purity,
    pnmi,
    shuffled,
)
from vocable.measures.tokens import count_runs
from vocable.tokens import AudioTokens

SLICINGS = (WHOLE, LIBRI_LIGHT)
ENOUGH = 100  # pairs of phones: of fewer, which contexts there are decides on the error
Features = Callable[[Any], Any]  # a recording to [frames, channels]


@dataclass(frozen=True)
class UnitsJudged:
    """What units tell. Intervals are over speakers.

    size            of the codebook
    units, pieces   frames a second, and what is left of them where runs are one unit
    phone_purity, cluster_purity, pnmi
                    of the frames that have a phone
    pnmi_of_all     that of all frames with a label, those of labels that do not count too:
                    published figures count silence
    chance          the PNMI of the same phones and the same units, drawn together at random
    abx, abx_features
                    by "SLICING within" and "SLICING across", errors of phones in any context, and
                    by "SLICING triphone within" and so on, of phones between equal ones; by units,
                    and by the features before them where those are given
    told, told_of_all
                    how often each phone goes with each unit, by speaker; with those that do not
                    count
    scored, refusals
                    recordings that were judged, and those that could not be
    """

    name: str
    size: int
    units: float
    pieces: float
    phone_purity: Interval
    cluster_purity: Interval
    pnmi: Interval
    pnmi_of_all: Interval
    chance: float
    abx: Mapping[str, AbxScore]
    abx_features: Mapping[str, AbxScore]
    told: BySpeaker = field(repr=False)
    told_of_all: BySpeaker = field(repr=False)
    scored: int
    refusals: tuple[Refusal, ...] = field(repr=False)

    @property
    def frames(self) -> int:
        """How many have a phone."""
        return int(self.told.counts.sum())


def judge_units(
    name: str,
    tokenizer: Tokenizes,
    recordings: Iterable[Recording],
    *,
    features: Features | None = None,
    without: Collection[str] = (),
    most: int | None = 3,
    seed: int = 0,
) -> UnitsJudged:
    """Return how good the units of a tokenizer are over recordings whose phones are known.

    Of several levels the first is judged. features: what the units are made of, for ABX. without:
    labels that do not count, say silence. most: sayings of one phone by one speaker that ABX
    compares, drawn by `seed` (None: all; 0: no ABX); the time grows with its square. Triphones that
    give fewer than 100 pairs of phones are left out. MeasureError if no recording can be judged.
    """
    refusals: list[Refusal] = []
    found = [one for _, one in attempt(recordings, _Heard.by(tokenizer, features), refusals)]
    check_some(found, refusals)
    every = _told(found)
    told = every.of_phones([phone for phone in every.phones if phone not in without])
    seconds = sum(len(each.codes) / each.rate for each in found)
    how = without, most, seed
    return UnitsJudged(
        name,
        found[0].size,
        units=sum(len(each.codes) for each in found) / seconds,
        pieces=sum(count_runs(each.codes) for each in found) / seconds,
        phone_purity=told.interval(phone_purity, seed),
        cluster_purity=told.interval(cluster_purity, seed),
        pnmi=told.interval(pnmi, seed),
        pnmi_of_all=every.interval(pnmi, seed),
        chance=pnmi(shuffled(told.joint, seed)),
        abx=_abx(found, lambda each: each.codes, *how),
        abx_features={} if features is None else _abx(found, lambda each: each.features, *how),
        told=told,
        told_of_all=every,
        scored=len(found),
        refusals=tuple(refusals),
    )


def pnmi_ratio(found: UnitsJudged, other: UnitsJudged) -> Interval:
    """Return how many times the PNMI of `other` units tell, over the same draws of speakers."""
    return ratio([found.told], [other.told], pnmi)


@dataclass(frozen=True)
class _Heard:
    """The first level of a recording, at the middle of whose frames are `times`."""

    recording: Recording
    codes: Int64[np.ndarray, " frames"]
    times: Float64[np.ndarray, " frames"]
    size: int
    rate: float
    features: Any

    @classmethod
    def by(cls, tokenizer: Tokenizes, features: Features | None) -> Callable[[Recording], _Heard]:
        """Return what hears recordings so."""

        def hear(recording: Recording) -> _Heard:
            if not recording.phones:
                raise MeasureError("nothing says which phones it has")
            sound = recording.sound.mono()
            check_within(recording.phones, sound.seconds)
            tokens: AudioTokens = tokenizer.encode(sound)
            if not len(tokens):
                raise MeasureError("it is shorter than a frame")
            level = tokens.spec.levels[0]
            rate = float(tokens.spec.frame_rate) / level.stride
            codes = tokens.stacks[0][0].astype(np.int64)
            rows = None if features is None else features(sound)
            return cls(recording, codes, token_times(tokens, 0), level.size, rate, rows)

        return hear


def _told(found: Sequence[_Heard]) -> BySpeaker:
    labels = [labels_at(each.recording.phones, each.times) for each in found]
    owners = [each.recording.owner for each in found]
    return count_by_speaker(labels, [each.codes for each in found], owners, found[0].size)


def _abx(
    found: Sequence[_Heard],
    frames: Callable[[_Heard], Any],
    without: Collection[str],
    most: int | None,
    seed: int,
) -> dict[str, AbxScore]:
    """Return errors by what is compared; what cannot be made is left out."""
    scores = {}
    for slicing, triphones in product(SLICINGS, (False, True)) if most != 0 else ():
        sayings: list[Saying] = []
        for each in found:
            known = each.recording.phones, each.rate, each.recording.owner, without
            sayings += sayings_of(frames(each), *known, slicing, triphones)
        for how, across in (("within", False), ("across", True)):
            try:
                score = abx(sayings, across=across, in_context=triphones, most=most, seed=seed)
            except MeasureError:
                continue  # one speaker, or none that says a phone twice
            if not triphones or score.pairs >= ENOUGH:
                scores[f"{slicing} {'triphone ' * triphones}{how}"] = score
    return scores
