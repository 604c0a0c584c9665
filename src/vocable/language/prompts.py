"""What a prompt of utterances must be, whatever an utterance of the family holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vocable.errors import TokenError


def check_utterances(utterances: Any, kind: type, example: str) -> None:
    """Refuse, by TokenError, what is not a list of utterances, all but the last with `audio`.

    kind: the family's class of utterances. example: one, as a user writes it.
    """
    if not isinstance(utterances, Sequence) or not all(
        isinstance(each, kind) for each in utterances
    ):
        raise TokenError(f"a prompt is a list of utterances: [{example}]")
    if not utterances:
        raise TokenError("the prompt is empty; give at least the utterance that is to be spoken")
    for number, utterance in enumerate(utterances[:-1]):
        if utterance.audio is None:
            raise TokenError(
                f"utterance {number} has no sound; only the last one, which is to be spoken, may "
                "lack it"
            )
