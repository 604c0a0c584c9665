"""What the recordings of a set are like: heard once, fitted, and kept with the set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vocable.audio.manifest import Clip
from vocable.conditions import Conditioner, Embeds, embedding_of, fit_books
from vocable.errors import RecipeError, VocableError
from vocable.tokens import AudioTokens
from vocable.tokens.formats import OWN

TRACK = "condition"


@dataclass(frozen=True)
class Conditions:
    """The tokens of each recording by its name, and the file of the centres."""

    tokens: Mapping[str, AudioTokens]
    file: bytes


def conditions_of(
    rows: Sequence[tuple[Clip, str]],
    condition: Conditioner | Embeds,
    refused: MutableMapping[str, str],
    progress: Callable[[float], None] | None = None,
) -> Conditions:
    """Return what named recordings are like; `refused` gets those that cannot be heard.

    Centres are fitted to the recordings of split train, unless a conditioner has them. RecipeError
    for token files, and for fewer than two recordings to fit to.
    """
    fitted = condition if isinstance(condition, Conditioner) else None
    embeds = condition.embeds if isinstance(condition, Conditioner) else condition
    vectors: dict[str, Tensor] = {}
    for number, (clip, name) in enumerate(rows, 1):
        if clip.path.suffix.lower() == OWN:
            raise RecipeError(
                f"{clip.path} has tokens and no sound, in which a condition is heard; give a "
                "manifest of recordings"
            )
        try:
            vectors[name] = embedding_of(embeds, clip.read())
        except (VocableError, OSError) as error:
            refused[name] = str(error)
        if progress:
            progress(number / len(rows))
    if fitted is None:
        fitted = Conditioner(embeds, fit_books(embeds, _trained_on(rows, vectors)))
    found = {name: fitted.tokens(vector) for name, vector in vectors.items()}
    return Conditions(found, fitted.books.serialised())


def _trained_on(rows: Sequence[tuple[Clip, str]], vectors: Mapping[str, Tensor]) -> Tensor:
    known = [
        vectors[name] for clip, name in rows if name in vectors and clip.split in ("", "train")
    ]
    if len(known) < 2:
        raise RecipeError(
            f"a condition is fitted to 2 recordings of split train or more, and {len(known)} can "
            "be heard"
        )
    return torch.stack(known)
