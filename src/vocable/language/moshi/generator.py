"""Moshi as it is used: somebody talks to it, and it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from vocable.arrays import to_numpy
from vocable.errors import AudioError, ModelError
from vocable.language.engine import Engine
from vocable.language.generator import Generator
from vocable.language.moshi.config import MoshiConfig
from vocable.language.moshi.conversation import SAMPLING, Conversation, MoshiFrame, converse
from vocable.language.moshi.model import Moshi
from vocable.language.sampling import Sampling
from vocable.language.session import Stop
from vocable.language.sound import Block, DecodesSteps
from vocable.tokens import AudioTokens


@runtime_checkable
class Hears(DecodesSteps, Protocol):
    """A codec that also encodes in steps."""

    def start_encoding(self, batch: int = 1, *, levels: int | None = None) -> Any: ...

    def encode_step(self, block: Tensor, state: Any) -> tuple[Any, Any]: ...


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
        engine: Engine | None = None,
    ) -> Iterator[tuple[MoshiFrame, Block]]:
        """Yield what is said, as text and as sound, while sound comes in.

        sound: blocks `[1, samples]` of any length, at the codec's rate; what comes out has that
        rate. It ends with what comes in. ModelError without a codec that encodes in steps.
        """
        codec = self.with_codec()
        if not isinstance(codec, Hears):
            raise ModelError(
                f"{type(codec).__name__} does not encode in steps, so nothing is heard"
            )
        talk = self.converse(sampling=sampling, seed=seed, engine=engine)
        hearing = codec.start_encoding(1, levels=self.config.user_levels)
        saying = codec.start_decoding(1)
        try:
            for block in sound:
                codes, hearing = codec.encode_step(_samples(block), hearing)
                for frame in to_numpy(codes.stacked()[0]).T:
                    answer = talk.step(frame)
                    if answer is not None:
                        spoken = torch.from_numpy(answer.codes)[None, :, None]
                        samples, saying = codec.decode_step(spoken, saying)
                        yield answer, to_numpy(samples[0])
        finally:
            talk.leave()


def _samples(block: Block) -> Tensor:
    """Return a block of sound as a codec takes it; AudioError for other shapes and integers."""
    found = to_numpy(block)
    if found.ndim != 2 or len(found) != 1 or found.dtype.kind != "f":
        raise AudioError(
            f"a block of sound is floats [1, samples] from -1 to 1 but came as {found.dtype} "
            f"{list(found.shape)}"
        )
    return torch.from_numpy(found.astype(np.float32))[None]
