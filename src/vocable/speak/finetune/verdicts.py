"""What held-out speech says of a run: overfitting, nothing learnt, silence, no end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vocable.audio import Audio
from vocable.train.diagnostics import HEALTHY
from vocable.train.task import Problem

WORSE = 1.01  # of the fewest bits: from there on a run has learnt its rows by heart
QUIET = 20.0  # dB below recordings: silence
_WHOLE = "see that snippets hold whole sentences, and train on"
_FLOOR = 1e-5  # of full scale: silence
UNLIKELY = 0.1  # the mean probability of an end where speech ends, below which none comes


@dataclass(frozen=True)
class Scores:
    """One evaluation.

    bits        of a held-out frame, all levels
    end         the probability that the model ends where held-out speech does; None: it has none
    samples     how many texts were spoken; ended: how many of them by the model's own end
    quieter     dB that what was spoken lies below the recordings; None: nothing was spoken
    """

    bits: float
    end: float | None = None
    samples: int = 0
    ended: int = 0
    quieter: float | None = None


def loudness(audio: Audio | None) -> float:
    """Return the level of a recording in dB of full scale; of none at all, that of silence."""
    samples = np.zeros(1) if audio is None else audio.samples
    return 20 * math.log10(max(_FLOOR, float(np.sqrt(np.mean(np.square(samples))))))


def problems(scores: Scores, bits: Mapping[int, float]) -> Sequence[Problem]:
    """Return what is wrong by the last evaluation, and the bits of all of them by their steps."""
    found = [*_of_learning(bits)]
    if scores.quieter is not None and scores.quieter > QUIET:
        found.append(
            Problem(
                "silence",
                f"silence: what it speaks is {scores.quieter:.0f} dB below the recordings; look at "
                "the snippets' loudness, and train on with a lower optimizer.lr",
            )
        )
    endless = scores.samples and not scores.ended
    if endless or (scores.end is not None and scores.end < UNLIKELY):
        found.append(Problem("no end", f"missing end: {_of_ends(scores)}; {_WHOLE}"))
    return found


def _of_ends(scores: Scores) -> str:
    texts = f"{scores.ended} of {scores.samples} texts ended by themselves"
    if scores.end is None:
        return texts
    chance = f"where speech ends, the model does with a chance of {scores.end:.2f}"
    return f"{texts}, and {chance}" if scores.samples else chance


def _of_learning(bits: Mapping[int, float]) -> Sequence[Problem]:
    """Return whether held-out bits went up again, or never down."""
    if len(bits) < 2:
        return ()
    first, last = min(bits), max(bits)
    best = min(bits, key=bits.__getitem__)
    if best == first:
        return (
            Problem(
                "nothing learnt",
                f"nothing learnt: held-out bits went from {bits[first]:.1f} to {bits[last]:.1f} a "
                "frame; lower optimizer.lr, and see that texts are what is spoken",
            ),
        )
    if bits[last] > WORSE * bits[best]:
        return (
            Problem(
                "overfitting",
                f"overfitting: held-out bits were {bits[best]:.1f} a frame at step {best} and are "
                f"{bits[last]:.1f}; the best weights are kept, and more snippets or a lower "
                "tuning.rank give better ones",
            ),
        )
    return ()


def verdict(found: Sequence[Problem]) -> str:
    """Return one line for a run."""
    return "; ".join(problem.text for problem in found) or HEALTHY
