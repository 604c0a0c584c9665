"""Where the codes of a tokenizer lie among their neighbours."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.tokenizer import Tokenizer
from vocable.errors import ModelError

_MOST = 64  # axes of a place
_LEAST = 1e-3  # of the longest axis, below which one is left out


@torch.no_grad()
def code_places(tokenizer: Tokenizer, levels: int) -> list[Float[Tensor, "size width"]]:
    """Return what each code of the first levels stands for while those of others stay.

    Along the main axes of the level, at most 64 of them, the longest first. ModelError where levels
    have several rates.
    """
    quantizer = tokenizer.model.quantizer
    if any(level.stride > 1 for level in tokenizer.spec.levels):
        raise ModelError(
            f"{tokenizer.name} has levels of several rates, whose codes have no places"
        )
    found = []
    for level in range(levels):
        rows = quantizer.code_axes(level).double().cpu()
        rows = rows - rows.mean(0)
        _, lengths, axes = torch.linalg.svd(rows, full_matrices=False)
        kept = min(_MOST, max(1, int((lengths > _LEAST * lengths[0]).sum())))
        found.append((rows @ axes[:kept].T).float())
    return found
