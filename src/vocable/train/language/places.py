"""Where the codes of a set lie: written when what encodes is at hand, read in training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from vocable import weights
from vocable.codecs.code_places import code_places
from vocable.codecs.tokenizer import Tokenizer
from vocable.errors import ModelError, RecipeError

FILE = "places.safetensors"
Levels = list[Float[Tensor, "size width"]]


def file_of(tokenizers: Mapping[str, object]) -> bytes | None:
    """Return a file of the places of all tracks that have some; None where none does."""
    found: dict[str, Tensor] = {}
    for track, each in tokenizers.items():
        if isinstance(each, Tokenizer) and all(level.stride == 1 for level in each.spec.levels):
            places = code_places(each, len(each.spec.levels))
            found |= {f"{track}.{level}": one for level, one in enumerate(places)}
    return weights.serialised(found) if found else None


def read_places(data: Path) -> dict[str, Levels]:
    """Return the places of the codes of each track, level by level. RecipeError for a bad file."""
    if not (data / FILE).is_file():
        return {}
    found: dict[str, Levels] = {}
    try:
        tensors = weights.read(data / FILE)
        order = sorted((track, int(level), key) for key in tensors
                       for track, _, level in [key.rpartition(".")])  # fmt: skip
    except (ModelError, ValueError) as error:
        raise RecipeError(f"{error}; make the set again: vocable data tokens") from error
    for track, _, key in order:
        found.setdefault(track, []).append(tensors[key])
    return found
