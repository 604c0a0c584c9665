"""Say which listeners are left out, by the post-screening of Recommendation ITU-R BS.1534-3, 4.1.2.

A listener is left out who rates the hidden reference below 90 in more than 15 % of the trials, or
the mid anchor above 90 in more than 15 % of them. Where more than 25 % of the listeners rate the
mid anchor of a trial above 90, that recording has little above 7 kHz, and the trial does not count
for the second rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vocable.evaluate.listening.anchors import MID
from vocable.evaluate.listening.scores import Scores
from vocable.evaluate.listening.stimuli import REFERENCE
from vocable.evaluate.recording import Refusal

GOOD = 90
OF_TRIALS, OF_LISTENERS = 15, 25  # per cent


@dataclass(frozen=True)
class Screening:
    """Who is left out, with the reason, and the trials whose mid anchor tells nothing."""

    left_out: tuple[Refusal, ...]
    without_mid: tuple[str, ...]


def screen(scores: Scores) -> Screening:
    """Apply both rules to all listeners."""
    reasons: dict[str, list[str]] = {}
    low = scores.of(REFERENCE) < GOOD
    _judge(scores, low, ~np.isnan(scores.of(REFERENCE)), "the hidden reference below", reasons)
    without_mid: tuple[str, ...] = ()
    if MID in scores.systems:
        mid = scores.of(MID)
        high, rated = mid > GOOD, ~np.isnan(mid)
        easy = 100 * high.sum(axis=0) > OF_LISTENERS * rated.sum(axis=0)
        _judge(scores, high & ~easy, rated & ~easy, "the mid anchor above", reasons)
        without_mid = tuple(name for name, is_so in zip(scores.trials, easy, strict=True) if is_so)
    left_out = [Refusal(who, " and ".join(why)) for who, why in reasons.items()]
    return Screening(tuple(left_out), without_mid)


def _judge(
    scores: Scores, wrong: np.ndarray, asked: np.ndarray, what: str, reasons: dict[str, list[str]]
) -> None:
    """Add the reason for each listener who is wrong in too many of the trials asked."""
    for who, faults, trials in zip(
        scores.listeners, wrong.sum(axis=1), asked.sum(axis=1), strict=True
    ):
        if 100 * faults > OF_TRIALS * trials:
            why = f"rates {what} {GOOD} in {faults} of {trials} trials"
            reasons.setdefault(who, []).append(why)
