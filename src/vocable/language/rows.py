"""What the rows of new ids begin as, in a table that text has trained.

MeanAndNoise    all near the mean of the text rows
Projected       as near to each other as the vectors of the codec's codebooks are; LLM-Codec
                (UniAudio 1.5, 2406.10056) goes the other way, and takes its codebooks from the rows

Both count in the spread of the text rows: the root mean square by which these differ from their
mean. So new rows are neither louder nor quieter than those around them, whatever the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ModelError
from ..tokens import AcousticBPE, Vocabulary


@runtime_checkable
class Rows(Protocol):
    """How rows begin: in units of the text rows' spread around their mean, `[ids, width]`."""

    def rows(self, ids: Vocabulary | AcousticBPE, width: int) -> Float[Tensor, "ids width"]: ...


@dataclass(frozen=True)
class MeanAndNoise:
    """The mean of the text rows, and noise of this share of their spread."""

    spread: float = 0.1
    seed: int = 0

    def rows(self, ids: Vocabulary | AcousticBPE, width: int) -> Float[Tensor, "ids width"]:
        """Return the noise."""
        base = ids.base if isinstance(ids, AcousticBPE) else ids
        chance = torch.Generator().manual_seed(self.seed)
        return self.spread * torch.randn(ids.size - base.text, width, generator=chance)


@dataclass(frozen=True)
class Projected:
    """The vectors of codebooks, thrown onto the width of the table by a random matrix a slot.

    codebooks   of each level `[size, dim]`; a random projection keeps distances in proportion
    spread      root mean square of the rows of a slot, as a share of that of text

    An id of merged units begins as the mean of these, a special as `MeanAndNoise` has it.
    """

    codebooks: Sequence[Tensor]
    spread: float = 1.0
    seed: int = 0

    def rows(self, ids: Vocabulary | AcousticBPE, width: int) -> Float[Tensor, "ids width"]:
        """Return the projected vectors; ModelError if a codebook is not that of its level."""
        base = ids.base if isinstance(ids, AcousticBPE) else ids
        self._check(base)
        found = MeanAndNoise(seed=self.seed).rows(ids, width)
        chance = torch.Generator().manual_seed(self.seed + 1)
        for block, level in zip(base.ranges, base.slots, strict=True):
            vectors = self.codebooks[level].detach().float().cpu()
            around = vectors - vectors.mean(0)
            thrown = around @ torch.randn(vectors.shape[1], width, generator=chance)
            here = slice(block.start - base.text, block.stop - base.text)
            found[here] = self.spread * thrown / thrown.square().mean().sqrt().clamp(min=1e-12)
        if isinstance(ids, AcousticBPE):
            for number in range(base.size, ids.size):
                units = ids.expand(np.array([number])) - base.text
                found[number - base.text] = found[torch.from_numpy(units)].mean(0)
        return found

    def _check(self, base: Vocabulary) -> None:
        wanted = [level.size for level in base.spec.levels[: base.levels]]
        given = [len(table) for table in self.codebooks]
        if given != wanted:
            raise ModelError(
                f"codebooks must have {', '.join(map(str, wanted))} vectors, one table a level, "
                f"got {', '.join(map(str, given)) or 'none'}"
            )


@torch.no_grad()
def fill(
    table: Float[Tensor, "rows width"], text: int, ids: Vocabulary | AcousticBPE, rows: Rows
) -> None:
    """Write the rows of `ids` behind the first `text` rows of a table, which stay as they are."""
    known = table[:text].float()
    mean = known.mean(0)
    spread = (known - mean).square().mean().sqrt()
    fresh = rows.rows(ids, table.shape[1]).to(table.device)
    table[text : ids.size] = (mean + spread * fresh).to(table.dtype)
