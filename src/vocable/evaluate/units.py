"""Say how good semantic units are: what they tell of phones, what of speakers, and how many come.

PNMI and purities grow with the number of units, and with how few frames there are: compare them at
equal numbers of units, beside those of MFCC, of log-mels and of random weights.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from vocable.errors import MeasureError
from vocable.evaluate.intervals import Interval, ends
from vocable.evaluate.phones import token_times
from vocable.evaluate.recording import Recording, Refusal, attempt, check_some
from vocable.evaluate.stability import Tokenizes
from vocable.measures.abx import LIBRI_LIGHT, WHOLE, AbxScore, Saying, abx, sayings_of
from vocable.measures.phones import (
    check_within,
    cluster_purity,
    count_pairs,
    labels_at,
    phone_purity,
    pnmi,
    shuffled,
)
from vocable.measures.tokens import count_runs
from vocable.tokens import AudioTokens

SLICINGS = (WHOLE, LIBRI_LIGHT)
DRAWS = 1000  # of speakers
Features = Callable[[Any], Any]  # a recording to [frames, channels]
Joint = Int64[np.ndarray, "phones entries"]


@dataclass(frozen=True)
class UnitsJudged:
    """What units tell. Intervals are over speakers.

    size            of the codebook
    units, pieces   frames a second, and what is left of them where runs are one unit
    phone_purity, cluster_purity, pnmi
                    of the frames that have a phone
    chance          the PNMI of the same phones and the same units, drawn together at random
    abx, abx_features
                    by "SLICING within" and "SLICING across": errors of phones in any context, by
                    units, and by the features before them where those are given
    frames          that have a phone
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
    chance: float
    abx: Mapping[str, AbxScore]
    abx_features: Mapping[str, AbxScore]
    frames: int
    scored: int
    refusals: tuple[Refusal, ...] = field(repr=False)


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
    compares, drawn by `seed` (None: all); the time grows with its square. MeasureError if no
    recording can be judged.
    """
    refusals: list[Refusal] = []
    found = [one for _, one in attempt(recordings, _Heard.by(tokenizer, features), refusals)]
    check_some(found, refusals)
    size = found[0].size
    by_speaker, labels = _joint(found, size, without)
    joint = by_speaker.sum(axis=0)
    seconds = sum(len(each.codes) / each.rate for each in found)
    spread = _Drawn(by_speaker, seed)
    return UnitsJudged(
        name,
        size,
        units=sum(len(each.codes) for each in found) / seconds,
        pieces=sum(count_runs(each.codes) for each in found) / seconds,
        phone_purity=spread.interval(phone_purity),
        cluster_purity=spread.interval(cluster_purity),
        pnmi=spread.interval(pnmi),
        chance=pnmi(shuffled(joint, seed)),
        abx=_abx(found, lambda each: each.codes, without, most, seed),
        abx_features={}
        if features is None
        else _abx(found, lambda each: each.features, without, most, seed),
        frames=int(joint.sum()),
        scored=len(found),
        refusals=tuple(refusals),
    )


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


def _joint(
    found: Sequence[_Heard], size: int, without: Collection[str]
) -> tuple[Int64[np.ndarray, "speakers phones entries"], list[str]]:
    """Return how often each phone goes with each unit, by speaker, and the phones."""
    named = [labels_at(each.recording.phones, each.times) for each in found]
    named = [np.where(np.isin(labels, list(without)), "", labels) for labels in named]
    phones = sorted({str(label) for labels in named for label in labels} - {""})
    owners = sorted({each.recording.owner for each in found})
    counts = np.zeros((len(owners), len(phones), size), np.int64)
    places = {phone: k for k, phone in enumerate(phones)}
    for each, labels in zip(found, named, strict=True):
        if (labels != "").any():
            rows = [places[str(label)] for label in np.unique(labels[labels != ""])]
            counts[owners.index(each.recording.owner), rows] += count_pairs(
                labels, each.codes, size
            )
    if not counts.any():
        raise MeasureError("no frame has a phone; give those of the recordings")
    return counts, phones


class _Drawn:
    """Draws of whole speakers, with replacement.

    A draw has fewer different speakers than there are, of whom units tell more: all these figures
    are higher then. So the figures of the draws are moved to have the mean of the whole.
    """

    def __init__(self, counts: Int64[np.ndarray, "speakers phones entries"], seed: int) -> None:
        self._counts = counts
        owners = len(counts)
        random = np.random.default_rng(seed)
        self._draws = random.multinomial(owners, np.full(owners, 1 / owners), DRAWS)

    def interval(self, figure: Callable[[Joint], float]) -> Interval:
        """Return a figure of all speakers, and its 95 % interval over them."""
        whole = figure(self._counts.sum(axis=0))
        if len(self._counts) < 2:
            return Interval(whole, float("nan"), float("nan"))
        flat = self._counts.reshape(len(self._counts), -1)
        shape = self._counts.shape[1:]
        drawn = np.array([figure((draw @ flat).reshape(shape)) for draw in self._draws])
        drawn += whole - drawn.mean()
        (low,), (high,) = ends(drawn[:, None], np.ones((1, len(self._counts))))
        return Interval(whole, float(low), float(high))


def _abx(
    found: Sequence[_Heard],
    frames: Callable[[_Heard], Any],
    without: Collection[str],
    most: int | None,
    seed: int,
) -> dict[str, AbxScore]:
    """Return errors by slicing, "within" and "across" speakers; what cannot be made is left out."""
    scores = {}
    for slicing in SLICINGS:
        sayings: list[Saying] = []
        for each in found:
            known = each.recording.phones, each.rate, each.recording.owner, without, slicing
            sayings += sayings_of(frames(each), *known)
        for how, across in (("within", False), ("across", True)):
            try:
                score = abx(sayings, across=across, in_context=False, most=most, seed=seed)
            except MeasureError:
                continue  # one speaker, or none that says a phone twice
            scores[f"{slicing} {how}"] = score
    return scores
