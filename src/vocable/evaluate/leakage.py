"""Say how well speakers are told by tokens that ought not to know them: a probe learns to."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.intervals import Interval
from vocable.evaluate.stability import Tokenizes

HEAD = "pooling"  # the mean over all frames: who speaks, and nothing of what is said in which order


@dataclass(frozen=True)
class SpeakersTold:
    """How often a probe names the speaker, in recordings that it did not learn from.

    chance   of who always names the speaker with the most recordings
    tested   recordings
    """

    accuracy: Interval
    chance: float
    tested: int

    @property
    def over_chance(self) -> float:
        """What the tokens tell: the accuracy less chance."""
        return self.accuracy.mean - self.chance


def speakers_told(
    tokenizer: Tokenizes, space: str, clips: Sequence[Clip], *, seeds: int = 1
) -> SpeakersTold:
    """Return how well speakers are told by a tokenizer's tokens of `space`.

    Each speaker needs three recordings: one is learnt from, one says when to stop, one is asked.
    seeds: probes that are trained; the figures are means. MeasureError where none can be.
    """
    from vocable.evaluate.probes import Kept, Store, TokenInput, probe, summarise
    from vocable.evaluate.probes.tasks import speaker

    task = speaker(clips, "recordings")
    source = TokenInput("units", tokenizer, space, Kept())
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "probes.jsonl")
        found = probe([task], lambda _: [source], store, heads=(HEAD,), seeds=seeds)
    rows = summarise(found)
    if not rows:
        raise MeasureError(found[0].fault)
    row = rows[0]
    return SpeakersTold(Interval(row.mean, row.low, row.high), row.usual, row.tested)
