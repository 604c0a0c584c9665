"""What the file of a condition says of itself, read without torch."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

import safetensors

from vocable.errors import ModelError

FORMAT = "vocable-condition-1"
FILE = "condition.safetensors"  # beside the codes of a set, and the weights of a model


@dataclass(frozen=True)
class Origin:
    """Which embedding centres are of: see `Embeds`. text: whether it has texts, too."""

    name: str
    space: str
    rate: int
    text: bool


def stated(path: str | os.PathLike[str]) -> tuple[Origin, str]:
    """Return which embedding a file is of, and the space of the tokens. ModelError for another."""
    try:
        with safetensors.safe_open(str(path), framework="numpy") as file:
            facts = file.metadata() or {}
        if facts.get("format") == FORMAT:
            return Origin(**json.loads(facts["origin"])), facts["space"]
    except (safetensors.SafetensorError, KeyError, ValueError, TypeError) as error:
        raise ModelError(f"{path} is damaged ({error}); take it from its set again") from error
    raise ModelError(f"{path} holds no condition; a set of tokens has one as {FILE}")
