"""Tell a tie from a mistake where two encodings of one recording differ.

Searches compare distances; where two entries lie almost equally far, the last digits of the latent
decide, and these depend on the order of sums. Such frames are counted, anything else is an error.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vocable.codecs.speech import SpeechQuantizer
from vocable.quantize import Quantizer, ResidualVQ
from vocable.testing.compare import name_of

ROUNDING = 4 * torch.finfo(torch.float32).eps  # of a squared distance, relative to its terms


@torch.no_grad()
def check_codes_agree(
    quantizer: Quantizer, z: Tensor, codes: Tensor, other_z: Tensor, other: Tensor
) -> int:
    """Check that two encodings agree but for ties, and return the number of frames that tie.

    z, other_z: the two latents `[batch, frames, dim]`, codes and other: their codes. In a frame's
    first level that differs, the squared distances to the two entries may lie apart by at most what
    the latents' difference can move them, `2 · ‖Δz‖ · ‖e_a - e_b‖`, in double; what follows in that
    frame is not compared. Ties are known of residual quantizers; others must agree everywhere.
    """
    if codes.shape != other.shape:
        raise AssertionError(
            f"{name_of(quantizer)}: codes {list(other.shape)}, wanted {list(codes.shape)}"
        )
    if isinstance(quantizer, SpeechQuantizer):
        _check_equal(quantizer, codes[:, 0], other[:, 0])
        latents = quantizer._latent(z), quantizer._latent(other_z)
        return check_codes_agree(
            quantizer.residual, latents[0], codes[:, 1:], latents[1], other[:, 1:]
        )
    if not isinstance(quantizer, ResidualVQ):
        _check_equal(quantizer, codes, other)
        return 0
    return _count_ties(quantizer, z.double(), codes, other_z.double(), other)


def _check_equal(quantizer: Quantizer, codes: Tensor, other: Tensor) -> None:
    apart = (codes != other).nonzero()
    if len(apart):
        raise AssertionError(
            f"{name_of(quantizer)}: codes differ first in frame {int(apart[:, -1].min())} of "
            f"{codes.shape[-1]}"
        )


def _count_ties(
    quantizer: ResidualVQ, z: Tensor, codes: Tensor, other_z: Tensor, other: Tensor
) -> int:
    """Go down the levels; frames that have differed are left out of the levels below."""
    agree = torch.ones_like(codes[:, 0], dtype=torch.bool)
    for number, level in enumerate(quantizer.stack[: codes.shape[1]]):
        a, b = codes[:, number], other[:, number]
        apart = agree & (a != b)
        book = level.codebook
        query, moved = (book.key(book.query(x.float()[apart])).double() for x in (z, other_z))
        chosen, instead = (book.key(book.entries[c[apart]]).double() for c in (a, b))
        gap = ((query - instead).square().sum(-1) - (query - chosen).square().sum(-1)).abs()
        terms = query.square().sum(-1) + chosen.square().sum(-1) + instead.square().sum(-1)
        reach = 2 * (query - moved).norm(dim=-1) * (chosen - instead).norm(dim=-1)
        wrong = gap > reach + ROUNDING * terms
        if wrong.any():
            frame = int(apart.nonzero()[wrong][0, -1])
            raise AssertionError(
                f"{name_of(quantizer)}: codes differ first in frame {frame}, level {number}, by "
                f"{float(gap[wrong][0]):.2e} in squared distance, where the latents' difference "
                f"moves it by {float(reach[wrong][0]):.2e}"
            )
        agree &= a == b
        step = level.decode(a).double()
        z, other_z = z - step, other_z - step
    return int((~agree).sum())
