"""What a user holds of a model that was trained at home: a `Generator` that knows its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vocable.errors import ModelError, TokenError
from vocable.language.abilities import Abilities
from vocable.language.generator import Generator
from vocable.tokens import AudioTokens, TokenSpec, joined


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

    @classmethod
    def text_beside(cls, folder: Path) -> None:
        """Such models read no text."""

    def hear(self, source: Any) -> AudioTokens:
        """Return a recording as what `generate` goes on with; channels are mixed.

        ModelError without a codec.
        """
        found: AudioTokens = self.with_codec().encode(source, mix=True)  # type: ignore[attr-defined]
        return found

    def joined(self, begin: AudioTokens | None, frames: Sequence[np.ndarray]) -> AudioTokens:
        """Return what was given and what was generated as one."""
        fresh = self.tokens(frames)
        return fresh if begin is None else joined((begin.first(fresh.levels), fresh))

    def _check_spec(self, spec: TokenSpec, error: type[ModelError] | type[TokenError]) -> None:
        if not spec.same_codes(self.spec):
            raise error(
                f"{spec.space} is not what {self.name} models, which is {self.spec.space}; take "
                "the codec that it was trained with"
            )


def abilities(network: Any) -> Abilities:
    """Return what a network that was trained at home can do, by its shapes."""
    spec, context = network.spec, network.trunk.config.context
    asked = network.asked
    return Abilities(
        continues=True, clones=False, text="none", languages=(), context=context,
        seconds=round(context / network.positions_per_second, 2), codec=spec.name,
        levels=asked.last - asked.first, rate=spec.rate,
    )  # fmt: skip
