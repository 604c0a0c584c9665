"""A model of frames as it is used: it goes on with a recording, or begins one."""

from __future__ import annotations

from collections.abc import Sequence

from vocable.errors import ModelError, TokenError
from vocable.language.engine import Engine
from vocable.language.frames.continuing import Continued
from vocable.language.frames.model import Frames
from vocable.language.home import HomeGenerator
from vocable.language.sampling import Sampling
from vocable.language.sound import Sound
from vocable.tokens import AudioTokens

SAMPLING = Sampling(temperature=0.9, top_k=100)


class FramesGenerator(HomeGenerator):
    """Generate tokens of a codec.

    model = vocable.load("FOLDER")
    tokens = model.codec.encode("talk.wav")
    for block in model.play(tokens, seconds=5): listen(block)
    """

    network: Frames

    def generate(
        self,
        begin: AudioTokens | None = None,
        *,
        seconds: float | None = None,
        sampling: Sampling | Sequence[Sampling] = SAMPLING,
        seed: int = 0,
        engine: Engine | None = None,
    ) -> Continued:
        """Return frames `[levels]` one by one, those of `begin` left out.

        begin: what comes before, one stream of tokens of the model's space; None: nothing. seconds:
        how much is generated; None: until the model ends it, or its context is full. sampling: of
        all levels, or one for each row. engine: whose streams it joins; None: one of its own.
        """
        config = self.network.config
        if begin is not None:
            self._check_tokens(begin)
            if begin.streams != 1:
                raise TokenError(f"the recording has {begin.streams} streams; take one channel")
            begin = begin.expand().first(config.levels)
        given = 0 if begin is None else begin.frames
        context = (
            config.trunk.context if engine is None else self.check_engine(engine).cache.context
        )
        room = config.order.max_frames(self.spec, context - 1, config.levels) - given
        frames = room if seconds is None else round(seconds * float(self.spec.frame_rate))
        if not 1 <= frames <= room:
            raise ModelError(
                f"{self.name} has room for {max(0, given + room)} frames, of which {given} are "
                f"given and {frames} are asked for; give less, or ask for less"
            )
        if engine is None:
            steps = config.order.steps(self.spec, given + frames, config.levels)
            engine = self.start_engine(1, context=steps + 1)
        return Continued(
            engine, config, begin, frames, may_end=seconds is None, sampling=sampling, seed=seed
        )

    def play(
        self,
        begin: AudioTokens | None = None,
        *,
        seconds: float | None = None,
        sampling: Sampling | Sequence[Sampling] = SAMPLING,
        seed: int = 0,
        engine: Engine | None = None,
    ) -> Sound:
        """Return sound as it is generated, blocks `[1, samples]` at `codec.spec.writes` Hz.

        Options as of `generate`. What comes before is not among it. ModelError without a codec.
        """
        codec = self.with_codec()
        frames = self.generate(begin, seconds=seconds, sampling=sampling, seed=seed, engine=engine)
        return Sound(frames, codec)
