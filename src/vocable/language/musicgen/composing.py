"""Run a MusicGen: a piece of so many frames, given one by one, that begins anew or goes on.

Which code stands where is known before the first is drawn, and so is what the model is given in
place of one: the layout says both. Of what is drawn, only codes of the piece are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from vocable.arrays import to_numpy
from vocable.errors import ModelError, TokenError
from vocable.language.engine import Engine, Prompt
from vocable.language.musicgen.config import MusicGenConfig
from vocable.language.musicgen.model import MusicGen
from vocable.language.sampling import Sampling
from vocable.language.session import Drawn, Session, Step
from vocable.tokens import EMPTY

SAMPLING = Sampling(top_k=250, guidance=3.0)  # as published
DRAWN = -2  # in a score: this code is for the model to draw


def compose(
    engine: Engine,
    frames: int,
    text: Float[Tensor, "states text"] | None = None,
    *,
    begin: Int64[np.ndarray, "streams levels frames"] | None = None,
    sampling: Sampling = SAMPLING,
    seed: int = 0,
) -> Piece:
    """Let a piece join an engine of a MusicGen; return it, to be read frame by frame.

    frames: of the whole piece. text: what the text encoder says of the description; None: the
    model plays what it likes, without guidance. begin: codes that the piece begins with, a stream
    for each channel. Raises ModelError where the piece does not fit the context, or no place is
    free (guidance takes two), TokenError for codes that the model lacks.
    """
    model = engine.model
    if not isinstance(model, MusicGen):
        raise ModelError(f"compose needs a MusicGen but the engine has {type(model).__name__}")
    config = model.config
    given = _rows(begin, config)
    _check_room(engine, config.layout.steps(config.spec, max(0, frames)))
    score = _score(given, config, frames)
    start = 0 if begin is None else begin.shape[2]
    lead = np.full((1, len(score)), model.config.empty)
    prompt = torch.from_numpy(np.concatenate((lead, score[:, :start].T)))
    piece = Piece(score, model.config, start)
    with torch.inference_mode():
        states = torch.zeros(0, model.config.width) if text is None else model.look(text)
    if text is None:
        sampling = replace(sampling, guidance=1.0)
    piece.session = engine.join(
        Prompt(prompt, states),
        sampling=sampling,
        seed=seed,
        most=score.shape[1] - start,
        against=Prompt(prompt, states[:0]) if sampling.guidance != 1 else None,
        follow=piece.follow,
    )
    return piece


class Piece:
    """Frames of a piece as they become whole: codes `[streams, levels]`, a stream per channel."""

    session: Session

    def __init__(
        self, score: Int64[np.ndarray, "rows steps"], config: MusicGenConfig, start: int
    ) -> None:
        self._score, self._config = score, config
        self._read, self._written = start, start  # steps of the session, and of the score
        frames = config.layout.frames(config.spec, score.shape[1])
        index = config.layout.positions(config.spec, frames).index
        self._steps = np.stack([np.flatnonzero(row != EMPTY) for row in index])  # [rows, frames]
        self._given = start

    @property
    def reason(self) -> str | None:
        """Why it ended, as in `Session`: "length" where it is whole."""
        return self.session.reason

    def __iter__(self) -> Iterator[Int64[np.ndarray, "streams levels"]]:
        return self

    def __next__(self) -> Int64[np.ndarray, "streams levels"]:
        """Return the next frame; run the engine until it is whole."""
        if self._given == self._steps.shape[1]:
            raise StopIteration
        while self._read <= self._steps[:, self._given].max():
            next(self.session)
            self._read += 1
        self._given += 1
        return self._codes(range(self._given - 1, self._given))[..., 0]

    def codes(self) -> Int64[np.ndarray, "streams levels frames"]:
        """Return all frames that were given so far, with those that the piece began with."""
        return self._codes(range(self._given))

    def leave(self) -> None:
        """End the piece; its places are free at once."""
        self.session.leave()

    def follow(self, drawn: Drawn) -> Step:
        """Return what goes in after a step: what was drawn, where the score leaves it open."""
        column = self._score[:, self._written]
        column[:] = np.where(column == DRAWN, drawn, column)
        self._written += 1
        return column.copy()

    def _codes(self, frames: range) -> Int64[np.ndarray, "streams levels frames"]:
        rows = np.arange(self._config.rows)[:, None]
        found = self._score[rows, self._steps[:, frames.start : frames.stop]]
        by_level = found.reshape(self._config.levels, self._config.channels, len(frames))
        return by_level.swapaxes(0, 1).copy()


def _rows(
    begin: Int64[np.ndarray, "streams levels frames"] | None, config: MusicGenConfig
) -> Int64[np.ndarray, "rows frames"]:
    """Return the codes that a piece begins with as rows."""
    if begin is None:
        return np.zeros((config.rows, 0), np.int64)
    codes = to_numpy(begin)
    if codes.shape[:2] != (config.channels, config.levels):
        raise TokenError(
            f"the piece is to begin with {codes.shape[0]} streams of {codes.shape[1]} levels but "
            f"the model has {config.channels} of {config.levels}"
        )
    wrong = np.argwhere((codes < 0) | (codes >= config.codes))
    if len(wrong):
        stream, level, frame = wrong[0]
        raise TokenError(
            f"code {codes[stream, level, frame]} of level {level}, frame {frame} is out of range; "
            f"a level has codes 0 to {config.codes - 1}"
        )
    return codes.swapaxes(0, 1).reshape(config.rows, -1).astype(np.int64)


def _score(
    given: Int64[np.ndarray, "rows begun"], config: MusicGenConfig, frames: int
) -> Int64[np.ndarray, "rows steps"]:
    """Return what stands at each step: a code that is given, the empty id, or DRAWN."""
    if frames <= given.shape[1]:
        raise TokenError(
            f"a piece of {frames} frames that begins with {given.shape[1]} leaves none to be drawn"
        )
    at = config.layout.positions(config.spec, frames)
    score = np.where(at.index == EMPTY, config.empty, DRAWN).astype(np.int64)
    known = (at.index != EMPTY) & (at.index < given.shape[1])
    score[known] = given[at.level[known], at.index[known]]
    return score


def _check_room(engine: Engine, steps: int) -> None:
    if engine.cache.window is None and steps > engine.cache.context:
        raise ModelError(
            f"the piece takes {steps} positions, more than the context of {engine.cache.context}; "
            f"make it in parts, each of which begins with the end of the last"
        )
