"""Tell a tie from a mistake where two encodings of one recording differ.

Searches compare distances; where two entries lie almost equally far, the last digits of the latent
decide, and these depend on the order of sums. Such frames are counted, anything else is an error.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vocable.quantize import LevelCodes, Quantizer, as_levels
from vocable.testing.compare import name_of


@torch.no_grad()
def check_codes_agree(
    quantizer: Quantizer, z: Tensor, codes: LevelCodes, other_z: Tensor, other: LevelCodes
) -> int:
    """Check that two encodings agree but for ties, and return the number of ties.

    z, other_z: the two latents `[batch, frames, dim]`, codes and other: their codes, as the
    quantizer gives them. A frame ties where `quantizer.tie_distance` is at most 1: in its first
    level that differs, the squared distances to the two entries lie apart by no more than what the
    latents' difference can move them, `2 · ‖Δz‖ · ‖e_a - e_b‖`. The levels after it are not
    compared.
    """
    shapes = [[list(level.shape) for level in as_levels(each)] for each in (codes, other)]
    if shapes[0] != shapes[1]:
        raise AssertionError(f"{name_of(quantizer)}: codes {shapes[1]}, wanted {shapes[0]}")
    if not z.shape[1]:
        return 0
    apart = quantizer.per_frame(codes) != quantizer.per_frame(other)
    differs = apart.any(dim=1)
    distance = torch.where(differs, quantizer.tie_distance(z, codes, other_z, other), 0.0)
    # "not at most", so that a distance which is not a number is a mistake, too
    wrong = ~(distance <= 1)
    if wrong.any():
        item, frame = wrong.nonzero()[0].tolist()
        level = int(apart[item, :, frame].nonzero()[0])
        raise AssertionError(
            f"{name_of(quantizer)}: codes differ first in frame {frame}, level {level}, where the "
            f"distances lie {float(distance[item, frame]):.3g} times as far apart as the latents' "
            "difference moves them"
        )
    # A token of a coarse level that ties differs in all of its frames, and is one tie.
    first = apart.int().argmax(dim=1)[differs]
    strides = quantizer.strides or (1,) * len(quantizer.levels)
    ties: float = sum(1 / strides[level] for level in first.tolist())
    return round(ties)
