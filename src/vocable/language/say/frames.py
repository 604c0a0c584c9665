"""Frames of what is said, as they are drawn, piece by piece."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from vocable.language.say.speaking import Manner, Planned, say
from vocable.language.say.steps import Steps
from vocable.tokens import AudioTokens, Source, TokenSpec, TokenWriter, Track

_TOGETHER = 250  # frames that are written at once


class SaidFrames:
    """Codes `[levels]`, frame by frame; `reason` says why they ended: "end", or "left".

    plans: the pieces, each of one item. They are made as they are needed.
    """

    def __init__(self, steps: Steps, plans: Iterable[Planned], seed: int, manner: Manner) -> None:
        self.reason: str | None = None
        self._frames = _frames(steps, plans, seed, manner)

    def __iter__(self) -> Iterator[np.ndarray]:
        return self

    def __next__(self) -> np.ndarray:
        """Return the next frame."""
        try:
            return next(self._frames)
        except StopIteration:
            self.reason = self.reason or "end"
            raise

    def leave(self) -> None:
        """Say no more."""
        self.reason = self.reason or "left"
        self._frames.close()


def _frames(
    steps: Steps, plans: Iterable[Planned], seed: int, manner: Manner
) -> Generator[np.ndarray, None, None]:
    for place, planned in enumerate(plans):
        for codes in say(steps, planned, [seed + place], manner):
            yield codes[0].cpu().numpy()


def write_frames(
    frames: Iterable[np.ndarray], path: Path, spec: TokenSpec, source: Source | None
) -> None:
    """Write frames, codes `[levels]` each, as tokens of a spec; source: what they are to last."""
    frames, writer = iter(frames), None
    while some := list(islice(frames, _TOGETHER)):
        stacks = np.stack(some, 1)[:, None].astype(np.int32)
        if writer is None:
            track = Track(spec, len(stacks), rate=0 if source is None else source.rate, channels=1)
            writer = TokenWriter(path, track)
        writer.write(AudioTokens(spec, list(stacks)))
    if writer is not None:
        writer.finish(None if source is None else source.samples)
