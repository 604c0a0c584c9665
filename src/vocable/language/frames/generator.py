"""A model of frames as it is used: it goes on with a recording, or begins one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from vocable.errors import TokenError
from vocable.language.engine import Engine
from vocable.language.frames.continuing import Continued
from vocable.language.frames.model import Frames
from vocable.language.home import ContinuingGenerator
from vocable.language.sampling import Sampling
from vocable.tokens import AudioTokens


class FramesGenerator(ContinuingGenerator):
    """Generate tokens of a codec.

    model = vocable.load("FOLDER")
    tokens = model.codec.encode("talk.wav")
    for block in model.play(tokens, seconds=5): listen(block)
    """

    network: Frames
    sampling = Sampling(temperature=0.9, top_k=100)
    several = Sampling()
    """Of several streams: out of a silence lead hundreds of codes, each of them unlikely, so that
    colder draws hardly ever end it."""

    def generate(
        self,
        begin: AudioTokens | None = None,
        *,
        seconds: float | None = None,
        sampling: Sampling | Sequence[Sampling] | None = None,
        seed: int = 0,
        engine: Engine | None = None,
    ) -> Continued:
        """Return frames, each as soon as all its rows are known.

        They are `[levels]`; `[streams, levels]` of a model of several streams, as is `begin`.
        """
        config = self.network.config
        if begin is not None:
            self._check_tokens(begin)
            if begin.streams != config.streams:
                raise TokenError(
                    f"the recording has {begin.streams} streams, but {self.name} models "
                    f"{config.streams}; give one of as many channels"
                )
            begin = begin.expand().first(config.levels)
        given = 0 if begin is None else begin.frames
        context = self._context(engine)
        room = None
        if context is not None:
            room = config.order.max_frames(self.spec, context - 1, config.levels) - given
        frames = self._frames(seconds, room, given)
        sampling = sampling or (self.sampling if config.streams == 1 else self.several)
        if engine is None:
            steps = config.order.steps(self.spec, given + frames, config.levels)
            engine = self.start_engine(1, context=steps + 1)
        return Continued(
            engine, config, begin, frames, may_end=seconds is None,
            sampling=sampling, seed=seed,
        )  # fmt: skip

    def tokens(self, frames: Iterable[np.ndarray]) -> AudioTokens:
        """Return frames that were generated as tokens of the codec."""
        config = self.network.config
        rows = [np.asarray(frame).reshape(config.streams, config.levels) for frame in frames]
        codes = np.stack(rows, 2) if rows else np.zeros((config.streams, config.levels, 0), int)
        return AudioTokens(self.with_codec().spec, list(codes.swapaxes(0, 1)))
