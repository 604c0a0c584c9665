"""MusicGen as it is used: it plays what a text describes, anew or from a beginning on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from vocable.errors import TokenError
from vocable.language.engine import Engine
from vocable.language.generator import Generator
from vocable.language.musicgen.composing import SAMPLING, Piece, compose
from vocable.language.musicgen.config import MusicGenConfig
from vocable.language.musicgen.model import MusicGen
from vocable.language.sampling import Sampling
from vocable.language.sound import Sound
from vocable.tokens import AudioTokens


class MusicGenGenerator(Generator):
    """Make pieces of music.

    text = encoder(**tokenizer("slow piano", return_tensors="pt")).last_hidden_state[0]   # T5
    for block in model.play(text, seconds=8): listen(block)
    """

    network: MusicGen

    @property
    def config(self) -> MusicGenConfig:
        """What the network is made of."""
        return self.network.config

    def generate(
        self,
        text: Float[Tensor, "states text"] | None = None,
        *,
        seconds: float = 8.0,
        begin: AudioTokens | None = None,
        sampling: Sampling = SAMPLING,
        seed: int = 0,
        engine: Engine | None = None,
    ) -> Piece:
        """Return a piece that gives frames `[streams, levels]` one by one, a stream per channel.

        text: states of the text encoder, without its padding; None: whatever the model likes.
        seconds: of the whole piece. begin: what it begins with, as tokens of the codec. engine:
        whose streams it joins (`start_engine`); None: one of its own.
        """
        if not _is_finite(seconds):
            raise TokenError(f"a piece lasts some seconds, not {seconds!r}")
        if text is not None and not isinstance(text, Tensor):
            raise TokenError(
                "text is what a text encoder makes of it, a tensor [states, channels], not "
                f"{type(text).__name__}; docs/musicgen.md has the lines"
            )
        frames = round(seconds * self.config.rate / self.config.frame)
        if engine is None:
            engine = self._engine_for(frames, text, sampling)
        self.check_engine(engine)
        codes = None if begin is None else self._codes(begin)
        return compose(engine, frames, text, begin=codes, sampling=sampling, seed=seed)

    def play(
        self,
        text: Float[Tensor, "states text"] | None = None,
        *,
        seconds: float = 8.0,
        begin: AudioTokens | None = None,
        sampling: Sampling = SAMPLING,
        seed: int = 0,
        engine: Engine | None = None,
    ) -> Sound:
        """Return sound as it is generated, blocks `[channels, samples]` at `codec.spec.writes` Hz.

        Options as of `generate`. What the piece begins with is not among it. ModelError without a
        codec.
        """
        codec, streams = self.with_codec(), self.config.channels
        piece = self.generate(
            text, seconds=seconds, begin=begin, sampling=sampling, seed=seed, engine=engine
        )
        return Sound(piece, codec, streams)

    def tokens(self, frames: Iterable[np.ndarray]) -> AudioTokens:
        """Return frames `[streams, levels]` that were generated as tokens of the codec."""
        rows, config = list(frames), self.config
        empty = np.zeros((config.channels, config.levels, 0), np.int64)
        codes = np.stack(rows, 2) if rows else empty
        return AudioTokens(self.with_codec().spec, list(codes.swapaxes(0, 1)))

    def _engine_for(self, frames: int, text: Tensor | None, sampling: Sampling) -> Engine:
        """Return an engine with room for one piece."""
        config, guided = self.config, text is not None and sampling.guidance != 1
        steps = max(1, config.layout.steps(config.spec, max(0, frames)))
        return self.start_engine(
            2 if guided else 1,
            context=min(config.context, steps),
            cross_states=0 if text is None else len(text),
        )

    def _codes(self, begin: AudioTokens) -> np.ndarray:
        if not isinstance(begin, AudioTokens):
            raise TokenError(
                f"a piece begins with AudioTokens of the codec, not {type(begin).__name__}"
            )
        self._check_tokens(begin)
        if begin.streams != self.config.channels:
            raise TokenError(
                f"the piece is to begin with {begin.streams} streams; {self.name} has "
                f"{self.config.channels}, one for each channel"
            )
        return np.stack(begin.stacks[: self.config.levels], 1).astype(np.int64)


def _is_finite(seconds: Any) -> bool:
    try:
        return math.isfinite(seconds)
    except TypeError:
        return False
