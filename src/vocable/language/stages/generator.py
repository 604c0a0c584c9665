"""A stage as it is used: it writes codes behind what is given, and those that came before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Bool, Int64

from vocable.errors import ModelError
from vocable.language.engine import Engine, Prompt
from vocable.language.home import HomeGenerator
from vocable.language.sampling import Sampling
from vocable.language.session import Session, stop_at
from vocable.language.stages.config import StageConfig
from vocable.language.stages.lesson import given_ids
from vocable.language.stages.model import Stage
from vocable.tokens import AudioTokens

SAMPLING = Sampling(temperature=0.8)  # AudioLM: 0.6 for semantic and fine tokens, 0.8 for coarse


class StageGenerator(HomeGenerator):
    """Write the target of a stage: `write` gives its codes in order, level after level."""

    network: Stage

    def write(
        self,
        given: Mapping[str, AudioTokens],
        before: Int64[np.ndarray, " codes"],
        most: int,
        *,
        may_end: bool = False,
        sampling: Sampling = SAMPLING,
        seed: int = 0,
        engine: Engine | None = None,
    ) -> Session:
        """Return a session that gives ids `[1]`; `codes` makes codes of them.

        given: tracks that the stage is given. before: codes of the target that are known, as
        `Part.arrange` orders them. most: how many are written; may_end: or fewer, where the model
        ends them. ModelError where they do not fit the context.
        """
        config = self.network.config
        offsets, cycle = np.array(config.offsets[-1]), np.array(config.target.cycle)
        known = before + offsets[cycle[np.arange(len(before)) % len(cycle)] - config.target.first]
        ids = np.concatenate((given_ids(config, given), known))
        context = (
            config.trunk.context if engine is None else self.check_engine(engine).cache.context
        )
        if len(ids) + most > context:
            raise ModelError(
                f"{self.name} sees {context} positions, but {len(ids)} are given and {most} are "
                "asked for; give less, or ask for less"
            )
        engine = engine or self.start_engine(1, context=len(ids) + most)
        return engine.join(
            Prompt(torch.from_numpy(ids[:, None])),
            sampling=sampling,
            seed=seed,
            most=most,
            stop=stop_at(0, config.end),
            legal=_Legal(config, len(before), may_end),
        )

    def codes(self, ids: Int64[np.ndarray, " ids"], first: int) -> Int64[np.ndarray, " codes"]:
        """Return ids that were written as codes; first: how many codes stood before them."""
        config = self.network.config
        cycle = np.array(config.target.cycle)
        level = cycle[np.arange(first, first + len(ids)) % len(cycle)]
        found: np.ndarray = ids - np.array(config.offsets[-1])[level - config.target.first]
        return found


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
