"""Run a model of frames: a recording that begins anew, or goes on, frame by frame.

Which token stands where is known before the first is drawn: the layout says it. Of what is drawn,
only tokens of the recording are kept; where a row has none the model is given nothing, as in
training. Where the first row says that the recording ends, the other rows end in their turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Int64

from vocable.errors import ModelError
from vocable.language.engine import Engine, Prompt
from vocable.language.frames.config import FramesConfig
from vocable.language.lessons import NOTHING
from vocable.language.sampling import Sampling
from vocable.language.session import Drawn, Session, Step
from vocable.tokens import EMPTY, AudioTokens

_DRAWN = -2  # in a score: the model draws what stands here


class Continued:
    """Frames of a recording as they become whole, those that it begins with left out.

    `[levels]`, or `[streams, levels]` where the model has several.

    reason: "end" where the model ended it, "length" where it has all frames that were asked for.
    """

    def __init__(
        self, engine: Engine, config: FramesConfig, begin: AudioTokens | None, frames: int,
        *, may_end: bool, sampling: Sampling | Sequence[Sampling], seed: int,
    ) -> None:  # fmt: skip
        given = 0 if begin is None else begin.frames
        self._config, self._given, self._frames = config, given, given + frames
        self._score, self._steps = _score(config, begin, self._frames)
        start = int((self._score == _DRAWN).any(0).argmax())
        self._written, self._ended = start, False
        self._mask = None if config.ends and may_end else _codes_alone(config.sizes)
        lead = np.full((1, len(self._score)), NOTHING)
        lead[0, 0] = config.begin
        rows = np.concatenate((lead, self._score[:, :start].T))
        self._session: Session = engine.join(
            Prompt(torch.from_numpy(rows)),
            sampling=sampling,
            seed=seed,
            most=self._score.shape[1] - start,
            follow=self._follow,
            legal=lambda step: self._mask,
        )

    def __iter__(self) -> Iterator[Int64[np.ndarray, "*streams levels"]]:
        return self

    def __next__(self) -> Int64[np.ndarray, "*streams levels"]:
        """Return the next frame; run the engine until it is whole."""
        while self._given < self._frames and self._written <= self._steps[:, self._given].max():
            next(self._session)
        if self._given >= self._frames:
            raise StopIteration
        self._given += 1
        rows = np.arange(len(self._score))
        frame: np.ndarray = self._score[rows, self._steps[:, self._given - 1]]
        streams = self._config.streams
        return frame if streams == 1 else frame.reshape(-1, streams).T

    @property
    def reason(self) -> str | None:
        """Why it ended; None while it runs."""
        if self._given >= self._frames:
            return "end" if self._ended else "length"
        return self._session.reason

    def leave(self) -> None:
        """End it; its place is free at once."""
        self._session.leave()

    def _follow(self, drawn: Drawn) -> Step | None:
        """Return what goes in after a step: what was drawn, where the score leaves it open."""
        step = self._written
        column = self._score[:, step]
        if column[0] == _DRAWN and drawn[0] == self._config.end:
            self._end(step)
            column = self._score[:, step]
        column[:] = np.where(column == _DRAWN, drawn, column)
        self._written += 1
        return column.copy() if self._written < self._score.shape[1] else None

    def _end(self, step: int) -> None:
        """Let the recording end before the frame whose code row 0 would have had here."""
        self._frames, self._ended = int(np.searchsorted(self._steps[0], step)), True
        known = self._score
        self._score, self._steps = _score(self._config, None, self._frames, at_least=step + 1)
        self._score[:, :step] = np.where(
            self._score[:, :step] == _DRAWN, known[:, :step], self._score[:, :step]
        )
        self._score[0, step] = self._config.end


def _codes_alone(sizes: Sequence[int]) -> Bool[np.ndarray, "rows ids"]:
    """Return which ids of each row are codes."""
    return np.arange(max(sizes) + 1) < np.array(sizes)[:, None]


def _score(
    config: FramesConfig, begin: AudioTokens | None, frames: int, at_least: int = 0
) -> tuple[Int64[np.ndarray, "rows steps"], Int64[np.ndarray, "rows frames"]]:
    """Return what goes in at each step, and the step of each frame's token in each row."""
    spec, order = config.tokens, config.order
    if not spec.uniform:
        raise ModelError(f"{spec.name} has levels of several rates; a layout of one row goes on")
    one = order.positions(spec, frames, config.levels).index
    index = np.repeat(one, config.streams, axis=0)
    score = np.where(index == EMPTY, NOTHING, _DRAWN)
    more = max(0, at_least - score.shape[1])
    score = np.pad(score, ((0, 0), (0, more)), constant_values=NOTHING)
    steps = np.stack([np.flatnonzero(row != EMPTY) for row in index])
    if begin is not None:
        known = begin.codes[:, : config.levels].swapaxes(0, 1).reshape(len(index), -1)
        for row, codes in enumerate(known):
            score[row, steps[row, : begin.frames]] = codes
    return score.astype(np.int64), steps
