"""A model of frames as it is used: it goes on with a recording, or begins one."""

from __future__ import annotations

from collections.abc import Sequence

from vocable.errors import ModelError, TokenError
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

    def generate(
        self,
        begin: AudioTokens | None = None,
        *,
        seconds: float | None = None,
        sampling: Sampling | Sequence[Sampling] | None = None,
        seed: int = 0,
        engine: Engine | None = None,
    ) -> Continued:
        """Return frames `[levels]`, each as soon as all its rows are known."""
        config = self.network.config
        if begin is not None:
            self._check_tokens(begin)
            if begin.streams != 1:
                raise TokenError(f"the recording has {begin.streams} streams; take one channel")
            begin = begin.expand().first(config.levels)
        given = 0 if begin is None else begin.frames
        steps = self._context(engine) - 1
        room = config.order.max_frames(self.spec, steps, config.levels) - given
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
            engine, config, begin, frames, may_end=seconds is None,
            sampling=sampling or self.sampling, seed=seed,
        )  # fmt: skip
