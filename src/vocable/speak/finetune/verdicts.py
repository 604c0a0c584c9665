"""What held-out speech says of a run: overfitting, nothing learnt, another voice, no end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vocable.train.diagnostics import HEALTHY
from vocable.train.task import Problem

WORSE = 1.01  # of the fewest bits: from there on a run has learnt its rows by heart
LESS = 0.05  # of likeness, below the highest: from there on the voice is being lost
QUIET = 20.0  # dB below recordings: silence
_WHOLE = "see that snippets hold whole sentences, and train on"
UNLIKELY = 0.1  # the mean probability of an end where speech ends, below which none comes


@dataclass(frozen=True)
class Scores:
    """One evaluation.

    bits        of a held-out frame, all levels
    end         the probability that the model ends where held-out speech does; None: it has none
    samples     how many texts were spoken; ended: how many of them by the model's own end
    quieter     dB that what was spoken lies below the recordings; None: nothing was spoken
    likeness    of what was spoken to the voice, -1 to 1; None: nobody listens
    """

    bits: float
    end: float | None = None
    samples: int = 0
    ended: int = 0
    quieter: float | None = None
    likeness: float | None = None


def problems(
    scores: Scores, bits: Mapping[int, float], likeness: Mapping[int, float]
) -> Sequence[Problem]:
    """Return what is wrong by the last evaluation, and bits and likeness of all by their steps."""
    found = [*_of_learning(bits), *_of_likeness(likeness)]
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


def _of_likeness(likeness: Mapping[int, float]) -> Sequence[Problem]:
    """Return whether speech is less like the voice than it was."""
    most = max(likeness, key=likeness.__getitem__, default=-1)
    last = max(likeness, default=-1)
    if most == last or likeness[last] >= likeness[most] - LESS:
        return ()
    return (
        Problem(
            "less like the voice",
            f"less like the voice: likeness was {likeness[most]:.2f} at step {most} and is "
            f"{likeness[last]:.2f}; lower optimizer.lr or tuning.rank, and listen to the snippets",
        ),
    )


def verdict(found: Sequence[Problem]) -> str:
    """Return one line for a run."""
    return "; ".join(problem.text for problem in found) or HEALTHY
