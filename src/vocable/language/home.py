"""What a user holds of a model that was trained at home: a `Generator` that knows its tokens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from vocable.errors import ModelError, TokenError
from vocable.language.abilities import Abilities
from vocable.language.engine import Engine
from vocable.language.generator import Generator
from vocable.language.sampling import Sampling
from vocable.language.sound import Frames, Sound, frames_in
from vocable.tokens import AudioTokens, TokenSpec, joined

SINKS = 4  # positions that stay, as published


class HomeGenerator(Generator):
    """A generator of one token space. name: of the model, `name@version`."""

    def __init__(self, network: Any, *, name: str, licence: str = "") -> None:
        super().__init__(network, licence=licence)
        self._name = name

    @property
    def name(self) -> str:
        """Its name and version."""
        return self._name

    @property
    def spec(self) -> TokenSpec:
        """What it generates."""
        found: TokenSpec = self.network.spec
        return found

    @property
    def abilities(self) -> Abilities:
        """What it can do."""
        return abilities(self.network)

    def _check_spec(self, spec: TokenSpec, error: type[ModelError] | type[TokenError]) -> None:
        if not spec.same_codes(self.spec):
            raise error(
                f"{spec.space} is not what {self.name} models, which is {self.spec.space}; take "
                "the codec that it was trained with"
            )


class ContinuingGenerator(HomeGenerator, ABC):
    """One that goes on with recordings. sampling: what it draws by, where nothing else is asked."""

    sampling: ClassVar[Sampling]

    @abstractmethod
    def generate(
        self,
        begin: AudioTokens | None = None,
        *,
        seconds: float | None = None,
        sampling: Sampling | Sequence[Sampling] | None = None,
        seed: int = 0,
        engine: Engine | None = None,
    ) -> Frames:
        """Return frames `[levels]` one by one, those of `begin` left out.

        `[streams, levels]` of a model of several streams.

        begin: what comes before, tokens of the model's space and streams; None: nothing. seconds:
        how much is generated; None: until the model ends it, or its context is full. sampling: of
        all rows, or one for each. engine: whose streams it joins; None: one of its own.
        """

    def play(
        self,
        begin: AudioTokens | None = None,
        *,
        seconds: float | None = None,
        sampling: Sampling | Sequence[Sampling] | None = None,
        seed: int = 0,
        engine: Engine | None = None,
    ) -> Sound:
        """Return sound as it is generated, blocks `[streams, samples]` at `codec.spec.writes` Hz.

        Options as of `generate`. What comes before is not among it. ModelError without a codec.
        """
        codec = self.with_codec()
        frames = self.generate(begin, seconds=seconds, sampling=sampling, seed=seed, engine=engine)
        return Sound(frames, codec, self.network.asked.streams)

    def hear(self, source: Any) -> AudioTokens:
        """Return a recording as what `generate` goes on with.

        Channels are mixed, unless the model has several streams. ModelError without a codec.
        """
        mix, codec = self.network.asked.streams == 1, self.with_codec()
        found: AudioTokens = codec.encode(source, mix=mix)  # type: ignore[attr-defined]
        return found

    def joined(self, begin: AudioTokens | None, frames: Sequence[np.ndarray]) -> AudioTokens:
        """Return what was given and what was generated as one."""
        fresh = self.tokens(frames)
        return fresh if begin is None else joined((begin.first(fresh.levels), fresh))

    def start_endless(self, streams: int = 1, *, sinks: int = SINKS) -> Engine:
        """Return an engine whose streams have no end: what is old is forgotten.

        They see the last positions, and of the first ones `sinks`, as many together as the model's
        context has ("Efficient Streaming Language Models with Attention Sinks", arXiv:2309.17453).
        """
        window = self.network.trunk.config.context - sinks
        return self.start_engine(streams, window=window, sinks=sinks)

    def _context(self, engine: Engine | None) -> int | None:
        """Return the positions of an engine, which must be of this model, or the model's own.

        None: there is no end.
        """
        if engine is None:
            return int(self.network.trunk.config.context)
        cache = self.check_engine(engine).cache
        return cache.context if cache.window is None else None

    def _frames(self, seconds: float | None, room: int | None, given: int) -> int:
        """Return how many frames are generated behind those given; room: how many fit; None: any.

        ModelError where they do not fit, or where nothing says how many.
        """
        if seconds is None and room is None:
            raise ModelError(
                f"seconds must be given where the context of {self.name} has no end; give them"
            )
        frames = room if seconds is None else frames_in(seconds, float(self.spec.frame_rate))
        assert frames is not None, "one of both is known"
        if room is None and frames < 1:
            raise ModelError(f"{seconds} s hold no frame; ask for more")
        if room is not None and not 1 <= frames <= room:
            raise ModelError(
                f"{self.name} has room for {max(0, given + room)} frames, of which {given} are "
                f"given and {frames} are asked for; give less, ask for less, or let it forget: "
                "start_endless, --context sinks"
            )
        return frames


def abilities(network: Any) -> Abilities:
    """Return what a network that was trained at home can do, by its shapes."""
    spec, context = network.spec, network.trunk.config.context
    asked = network.asked
    return Abilities(
        continues=True, clones=False, text="none", languages=(), context=context,
        seconds=round(context / network.positions_per_second, 2), codec=spec.name,
        levels=asked.last - asked.first, rate=spec.rate,
    )  # fmt: skip
