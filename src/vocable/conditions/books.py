"""The centres that turn embeddings into tokens: each level has those of what the last left over.

Residual k-means, as a residual quantizer begins (Zeghidour et al. 2021), over the embeddings of
what is trained on. The space of the tokens is `embedding@version/c12x256:digest`, over the centres
and the space of the embedding: another embedding, other tokens. Files are safetensors.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int64
from safetensors.torch import save
from torch import Tensor

from vocable.conditions.embedding import WINDOW, Embeds, EmbedsText
from vocable.conditions.origin import FORMAT, Origin, stated
from vocable.errors import ModelError
from vocable.quantize.exact import nearest_exactly
from vocable.quantize.learn.clustering import cluster
from vocable.tokens import Level, TokenSpec
from vocable.weights import digest, read

LEVELS = 12
MOST, EACH = 1024, 4  # entries of a level, and vectors of each at least
_LEVELS = "levels"


@dataclass(frozen=True, eq=False)
class Books:
    """Centres of each level, and the embedding that they are of."""

    origin: Origin
    levels: Float[Tensor, "levels size width"]

    @property
    def space(self) -> str:
        """The identity of the tokens."""
        name, _, _ = self.origin.space.partition(":")
        levels, size, _ = self.levels.shape
        return f"{name}/c{levels}x{size}:{digest({_LEVELS: self.levels}, self.origin.space)}"

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are: one frame, made of windows of `WINDOW` seconds."""
        levels, size, _ = self.levels.shape
        role = Level(size, role="condition")
        rate = self.origin.rate
        return TokenSpec(self.space, rate, WINDOW * rate, 1, (role,) * levels, (levels,))

    def codes(self, vectors: Float[Tensor, "_ width"]) -> Int64[Tensor, "_ levels"]:
        """Return the tokens of vectors, each as by itself. ModelError for another width."""
        if vectors.dim() != 2 or vectors.shape[1] != self.levels.shape[2]:
            raise ModelError(
                f"vectors are {list(vectors.shape)}, but centres of {self.origin.name} are of "
                f"width {self.levels.shape[2]}"
            )
        rest, found = vectors.float(), []
        for centres in self.levels:
            found.append(nearest_exactly(rest, centres))
            rest = rest - centres[found[-1]]
        return torch.stack(found, 1)

    def serialised(self) -> bytes:
        """Return the bytes of a file that `read_books` reads."""
        facts = {"format": FORMAT, "space": self.space, "origin": json.dumps(asdict(self.origin))}
        data: bytes = save({_LEVELS: self.levels.contiguous()}, facts)
        return data


def fit_books(embeds: Embeds, vectors: Float[Tensor, "_ width"], *, seed: int = 0) -> Books:
    """Return centres of embeddings: `LEVELS` levels of up to `MOST` entries.

    Of these as many, a power of two, as have `EACH` vectors or more. ModelError for fewer than two
    vectors, and for NaN.
    """
    size = 2
    while size < MOST and 2 * size * EACH <= len(vectors):
        size *= 2
    rest, found = vectors.float(), []
    for level in range(LEVELS):
        found.append(cluster(rest, size, seed=seed + level).centres)
        rest = rest - found[-1][nearest_exactly(rest, found[-1])]
    origin = Origin(embeds.name, embeds.space, embeds.rate, isinstance(embeds, EmbedsText))
    return Books(origin, torch.stack(found))


def read_books(path: str | os.PathLike[str]) -> Books:
    """Return the centres in a file. ModelError for another file, or a damaged one."""
    origin, space = stated(path)
    tensors = read(Path(path))
    try:
        made = Books(origin, tensors[_LEVELS])
        if made.space == space:
            return made
    except (KeyError, ValueError) as error:
        raise ModelError(f"{path} is damaged ({error}); take it from its set again") from error
    raise ModelError(f"{path} says that it holds {space} but holds {made.space}; copy it again")
