"""What a model must tell to code tokens: where each code stands, and what may stand there."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from vocable.language.lessons import Asked, Lesson
from vocable.language.token_model import TokenModel
from vocable.tokens import AudioTokens, TokenSpec


@runtime_checkable
class Foretells(TokenModel, Protocol):
    """A `TokenModel` that says of the tokens of one track, step by step, which code comes next.

    It starts at the first step of `score`; `predict` gives the logits of each row to `draw`, which
    answers with the code that stands there: known to who encodes, decoded by who decodes.
    """

    @property
    def spec(self) -> TokenSpec: ...

    @property
    def asked(self) -> Asked: ...

    @property
    def codes_alone(self) -> bool:
        """Whether all it reads are the codes that it foretells, of every level in every frame."""
        ...

    def score(self, tokens: AudioTokens, *, begins: bool) -> Lesson:
        """Return the steps of a stretch of one stream; begins: whether its recording does there.

        Where levels are below `asked.last` stand codes, of each level in order of time; what else
        stands there depends on the number of frames alone.
        """
        ...

    def ids_of(self, level: int) -> slice:
        """Return which of a row's ids, in `score` and in logits, are the codes of a level."""
        ...

    def most_frames(self, positions: int) -> int:
        """Return how many frames' score has this many steps at most, the last one not read."""
        ...
