"""A stage as it is used: it writes codes behind what is given, and those that came before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Int64

from vocable.errors import ModelError
from vocable.language.engine import Engine, Prompt
from vocable.language.home import ContinuingGenerator
from vocable.language.sampling import Sampling
from vocable.language.session import Session, stop_at
from vocable.language.stages.config import StageConfig
from vocable.language.stages.lesson import given_ids
from vocable.language.stages.model import Stage
from vocable.tokens import AudioTokens


class StageGenerator(ContinuingGenerator):
    """Write the target of a stage: `write` gives its codes in order, level after level."""

    network: Stage
    sampling = Sampling(temperature=0.8)

    def write(
        self,
        given: Mapping[str, AudioTokens],
        before: Int64[np.ndarray, " codes"],
        most: int,
        *,
        begins: bool = True,
        may_end: bool = False,
        sampling: Sampling | Sequence[Sampling] | None = None,
        seed: int = 0,
        engine: Engine | None = None,
    ) -> Written:
        """Return codes of the target, one by one.

        given: tracks that the stage is given. before: codes of the target that are known, as
        `Part.arrange` orders them. most: how many are written; may_end: or fewer, where the model
        ends them. begins: whether all this is where a recording begins. ModelError where it does
        not fit the context.
        """
        config = self.network.config
        offsets, cycle = np.array(config.offsets[-1]), np.array(config.target.cycle)
        known = before + offsets[cycle[np.arange(len(before)) % len(cycle)] - config.target.first]
        ids = np.concatenate((given_ids(config, given, begins=begins), known))
        context = self._context(engine)
        if context is not None and len(ids) + most > context:
            raise ModelError(
                f"{self.name} sees {context} positions, but {len(ids)} are given and {most} are "
                "asked for; give less, or ask for less"
            )
        engine = engine or self.start_engine(1, context=len(ids) + most)
        session = engine.join(
            Prompt(torch.from_numpy(ids[:, None])),
            sampling=sampling or self.sampling,
            seed=seed,
            most=most,
            stop=stop_at(0, config.end),
            legal=_Legal(config, len(before), may_end),
        )
        return Written(session, config, len(before))

    def generate(
        self,
        begin: AudioTokens | None = None,
        *,
        seconds: float | None = None,
        sampling: Sampling | Sequence[Sampling] | None = None,
        seed: int = 0,
        engine: Engine | None = None,
    ) -> WrittenFrames:
        """Return frames of a stage that is given nothing and writes all levels from the first."""
        config, spec = self.network.config, self.spec
        part = config.target
        if config.given or part.first or part.dedup or not spec.uniform:
            raise ModelError(f"{self.name} is a stage of others, and gives no frames by itself")
        if begin is not None:
            self._check_tokens(begin)
        before = np.zeros(0, np.int64) if begin is None else part.arrange(begin)[0]
        levels = part.last
        context = self._context(engine)
        room = None if context is None else (context - 1 - len(before)) // levels
        frames = self._frames(seconds, room, len(before) // levels)
        written = self.write(
            {}, before, frames * levels, may_end=seconds is None, sampling=sampling, seed=seed,
            engine=engine,
        )  # fmt: skip
        return WrittenFrames(written, levels)


class Written:
    """Codes of a stage's target, one by one, in the order of `Part.arrange`.

    reason: as in `Session`: "end" where the model ended them, "length" where there are enough.
    """

    def __init__(self, session: Session, config: StageConfig, before: int) -> None:
        self._session, self._at = session, before
        offsets, target = config.offsets[-1], config.target
        self._offsets = [offsets[level - target.first] for level in target.cycle]

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        """Return the next code; run the engine until there is one."""
        (id,) = next(self._session)
        self._at += 1
        return int(id) - self._offsets[(self._at - 1) % len(self._offsets)]

    @property
    def reason(self) -> str | None:
        """Why it ended; None while it runs."""
        return self._session.reason

    def leave(self) -> None:
        """End it; its place is free at once."""
        self._session.leave()


class WrittenFrames:
    """Codes as frames `[levels]`; what does not fill one is left out."""

    def __init__(self, written: Written, levels: int) -> None:
        self._written, self._levels = written, levels

    def __iter__(self) -> Iterator[Int64[np.ndarray, " levels"]]:
        return self

    def __next__(self) -> Int64[np.ndarray, " levels"]:
        """Return the next frame; run the engine until it is whole."""
        return np.array([next(self._written) for _ in range(self._levels)])

    @property
    def reason(self) -> str | None:
        """Why it ended; None while it runs."""
        return self._written.reason

    def leave(self) -> None:
        """End it; its place is free at once."""
        self._written.leave()


class _Legal:
    """Which ids may stand at each step: the codes of its level, and at a frame's first the end."""

    def __init__(self, config: StageConfig, first: int, may_end: bool) -> None:
        self._first, self._masks = first, []
        for level in config.target.cycle:
            offset = config.offsets[-1][level - config.target.first]
            mask = np.zeros((1, config.ids), bool)
            mask[0, offset : offset + config.tokens_of(level).size] = True
            self._masks.append(mask)
        self._masks[0][0, config.end] = may_end

    def __call__(self, step: int) -> Bool[np.ndarray, "1 ids"]:
        return self._masks[(self._first + step) % len(self._masks)]
