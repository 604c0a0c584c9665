"""Moshi as it is used: somebody talks to it, and it answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from vocable.errors import ModelError
from vocable.language.engine import Engine
from vocable.language.generator import Generator
from vocable.language.moshi.config import MoshiConfig
from vocable.language.moshi.conversation import SAMPLING, Conversation, MoshiFrame, converse
from vocable.language.moshi.model import Moshi
from vocable.language.moshi.talking import Hears, Talk
from vocable.language.sampling import Sampling
from vocable.language.session import Stop
from vocable.language.sound import Block
from vocable.tokens import AudioTokens


class MoshiGenerator(Generator):
    """Converse.

    for frame, sound in model.talk(microphone): play(sound)     # blocks of samples, in and out
    """

    network: Moshi

    @property
    def config(self) -> MoshiConfig:
        """What the network is made of."""
        return self.network.config

    def converse(
        self,
        *,
        sampling: Sampling | Sequence[Sampling] = SAMPLING,
        seed: int = 0,
        most: int | None = None,
        stop: Stop | None = None,
        engine: Engine | None = None,
    ) -> Conversation:
        """Return a conversation in codes, a frame heard and one said a step.

        sampling: of the text, and of all levels; or one of both. most: steps that it may take;
        None: no end. stop: a rule of your own, see `session`. engine: whose streams it joins
        (`start_engine`); None: one of its own.
        """
        engine = self.check_engine(engine or self.start_engine(1))
        return converse(engine, sampling=sampling, seed=seed, most=most, stop=stop)

    def tokens(self, frames: Iterable[MoshiFrame | np.ndarray]) -> AudioTokens:
        """Return frames that were said, or codes `[levels]`, as tokens of the codec."""
        return super().tokens(
            each.codes if isinstance(each, MoshiFrame) else each for each in frames
        )

    def talk(
        self,
        sound: Iterable[Block],
        *,
        sampling: Sampling | Sequence[Sampling] = SAMPLING,
        seed: int = 0,
        most: int | None = None,
        stop: Stop | None = None,
        engine: Engine | None = None,
    ) -> Talk:
        """Give what is said, as text and as sound, while sound comes in.

        sound: blocks `[1, samples]` of any length, at the codec's rate; what comes out has that
        rate. Other options as of `converse`. ModelError without a codec that encodes in steps.
        """
        codec = self.with_codec()
        if not isinstance(codec, Hears):
            raise ModelError(
                f"{type(codec).__name__} does not encode in steps, so nothing is heard"
            )
        conversation = self.converse(
            sampling=sampling, seed=seed, most=most, stop=stop, engine=engine
        )
        return Talk(conversation, sound, codec, self.config.user_levels)
