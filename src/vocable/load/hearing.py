"""Who speaks in a recording, as a vocoder was trained to be told it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from vocable.errors import ModelError
from vocable.load.bundled import is_bundled

if TYPE_CHECKING:
    import numpy as np

    from vocable.audio import Voice
    from vocable.conditions import Embeds


class Hearing:
    """The vectors of an embedding, which is opened when the first is asked for.

    space: its identity. ModelError where it does not come with the package, or is another by now.
    """

    def __init__(self, vocoder: str, space: str, open_embedding: Callable[[str], Embeds]) -> None:
        self._vocoder, self._space, self._open = vocoder, space, open_embedding

    def __call__(self, voice: Voice) -> np.ndarray:
        from vocable.conditions import embedding_of

        return embedding_of(self._embeds, voice.audio).numpy()

    @cached_property
    def _embeds(self) -> Embeds:
        name = self._space.partition(":")[0]
        trained = f"{self._vocoder} was trained with voices of {self._space}"
        if not is_bundled(name):
            raise ModelError(
                f"{trained}, which does not come with vocable; give speaker a vector that "
                "vocable.load.load_embedding makes"
            )
        found = self._open(name)
        if found.space != self._space:
            raise ModelError(f"{trained} and here is {found.space}; train it again")
        return found
