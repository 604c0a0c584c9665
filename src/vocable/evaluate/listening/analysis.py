"""Say what a listening test found: who is left out, how good each system is, which of them differ.

Listeners and recordings are both samples of what there is, so the bootstrap draws both, each with
replacement, and a mean is over what both draws have in common (Owen 2007, "The pigeonhole
bootstrap"). Pairs are compared within each listener: the mean difference of each is what has one
sign or the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from vocable.errors import MeasureError
from vocable.evaluate.intervals import DRAWS, Interval, ends
from vocable.evaluate.listening.anchors import CUTOFFS
from vocable.evaluate.listening.key import Key
from vocable.evaluate.listening.results import Rating, Results, read_results
from vocable.evaluate.listening.scores import Scores, arrange
from vocable.evaluate.listening.screening import screen
from vocable.evaluate.recording import Refusal
from vocable.evaluate.summary.differences import holm, sign_flips

Table = Float64[np.ndarray, "listeners trials"]  # NaN where there is no score


@dataclass(frozen=True)
class SystemScore:
    """How good one system is: 0 to 100, over the listeners that count.

    mean        with its 95 % interval over listeners and recordings
    quartiles   the lower one and the upper one
    ratings     how many there are
    """

    system: str
    mean: Interval
    median: float
    quartiles: tuple[float, float]
    ratings: int


@dataclass(frozen=True)
class Preference:
    """Whether two systems differ: `second - first`, within listeners and recordings.

    p          two-sided, by sign flips of listeners
    adjusted   p for all pairs together (Holm 1979)
    """

    first: str
    second: str
    gain: Interval
    p: float
    adjusted: float


@dataclass(frozen=True)
class ListeningSummary:
    """What a test found.

    systems       best first, with the hidden reference and the anchors
    preferences   all pairs of systems and the hidden reference; anchors are a known scale
    listeners     those that count
    left_out      listeners that do not, by the rules of BS.1534-3, with the reason
    incomplete    listeners that lack trials; the others of theirs count
    without_mid   trials whose mid anchor sounds as good as the reference to many listeners
    doubled       lines that only repeat another one
    faults        lines that cannot be used, by `file:line`, with the reason
    comments      by recording, those that are not empty
    """

    systems: tuple[SystemScore, ...]
    preferences: tuple[Preference, ...]
    listeners: tuple[str, ...]
    left_out: tuple[Refusal, ...]
    incomplete: tuple[Refusal, ...]
    without_mid: tuple[str, ...]
    doubled: int
    faults: tuple[Refusal, ...]
    comments: dict[str, tuple[str, ...]]


def analyse(results: Iterable[str | Path], key: str | Path) -> ListeningSummary:
    """Analyse files of results. MeasureError where no listener is left, or the key is none."""
    kept = Key.read(key)
    read = read_results(results, kept)
    scores, incomplete = arrange(read.ratings, kept)
    screening = screen(scores)
    counted = scores.without({refusal.name for refusal in screening.left_out})
    if not counted.listeners:
        raise MeasureError(_nobody(read, incomplete, screening.left_out))
    return ListeningSummary(
        tuple(_scores_of(counted)),
        tuple(_preferences(counted)),
        counted.listeners,
        screening.left_out,
        tuple(incomplete),
        screening.without_mid,
        read.doubled,
        tuple(read.faults),
        _comments(read.ratings.values(), kept),
    )


def _nobody(read: Results, incomplete: list[Refusal], left_out: tuple[Refusal, ...]) -> str:
    reasons = [*left_out, *incomplete, *read.faults]
    first = f"; the first of {len(reasons)} reasons: {reasons[0]}" if reasons else ""
    return f"no listener is left to analyse{first}"


def _scores_of(scores: Scores) -> list[SystemScore]:
    found = []
    for system in scores.systems:
        table = scores.of(system)
        values = table[~np.isnan(table)]
        if values.size:
            low, median, high = np.percentile(values, (25, 50, 75))
            row = SystemScore(
                system,
                crossed_interval(table),
                float(median),
                (float(low), float(high)),
                values.size,
            )
            found.append(row)
    return sorted(found, key=lambda row: -row.mean.mean)


def _preferences(scores: Scores) -> list[Preference]:
    known = [s for s in scores.systems if s not in CUTOFFS and not np.isnan(scores.of(s)).all()]
    pairs = list(combinations(known, 2))
    gains = [scores.of(second) - scores.of(first) for first, second in pairs]
    p = sign_flips(np.array([np.nanmean(gain, axis=1) for gain in gains]))
    return [
        Preference(*pair, crossed_interval(gain), float(one), float(all_of_them))
        for pair, gain, one, all_of_them in zip(pairs, gains, p, holm(p)[0], strict=True)
    ]


def crossed_interval(table: Table, *, seed: int = 0) -> Interval:
    """Return the mean with its 95 % interval over draws of listeners and of trials.

    NaN marks what is missing. The ends are NaN for a single listener; of a single trial they are
    over listeners alone. As in `bootstrap_interval`, they are wider for few listeners.
    """
    there = ~np.isnan(table)
    listeners, trials = table.shape
    random = np.random.default_rng(seed)
    who = random.multinomial(listeners, np.full(listeners, 1 / listeners), DRAWS).astype(float)
    what = random.multinomial(trials, np.full(trials, 1 / trials), DRAWS)
    sums = (who @ np.where(there, table, 0.0) * what).sum(axis=1)
    counts = (who @ there * what).sum(axis=1)
    with np.errstate(invalid="ignore"):  # a draw of what nobody rated has no mean
        means = sums / counts
    (low,), (high,) = ends(means[:, None], there.sum(axis=1)[None])
    return Interval(float(table[there].mean()), float(low), float(high))


def _comments(ratings: Iterable[Rating], key: Key) -> dict[str, tuple[str, ...]]:
    """Return comments by recording: each line of a trial repeats that of the trial."""
    found: dict[str, dict[tuple[str, str], None]] = {}
    for rating in ratings:
        if text := rating.comment.strip():
            name = key.trials[rating.trial].name
            found.setdefault(name, {})[rating.listener, text] = None
    return {name: tuple(text for _, text in texts) for name, texts in sorted(found.items())}
