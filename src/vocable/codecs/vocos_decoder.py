"""Vocos' decoder: rows of features to sound, by spectra that are predicted at one rate throughout.

"Vocos: Closing the gap between time-domain and Fourier-based neural vocoders for high-quality audio
synthesis" (Siuzdak 2023, arXiv:2306.00814).

    convolution, norm, ConvNeXt blocks, norm, linear map, inverse short-time Fourier transform

Symmetric in time: each block sees three rows ahead, so it streams, and waits for that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from vocable.nn import Block, Conv1d, InverseSTFT, LayerNorm, Linear, Stack, SymmetricConvNeXtBlock

EPS = 1e-6  # of all norms
KERNEL = 7  # rows that each convolution sees


def vocos_decoder(
    features: int,
    width: int,
    hidden: int,
    blocks: int,
    *,
    window: int,
    hop: int,
    edge: Literal["same", "center"] = "same",
    inside: Sequence[Block] = (),
    norm: Callable[[], Block] | None = None,
) -> Stack:
    """Return `[B, F, features] -> [B, F · hop, 1]`.

    width, hidden: channels of the rows, and of each block's MLP. window, hop, edge: of the
    transform. inside: blocks between the first convolution and the first norm. norm: makes the
    norms before and in the blocks, if they are no LayerNorms.
    """
    made = norm or (lambda: LayerNorm(width, eps=EPS))
    half = KERNEL // 2
    return Stack(
        Conv1d(features, width, KERNEL, pad=(half, half)),
        *inside,
        made(),
        *(
            SymmetricConvNeXtBlock(width, hidden, kernel=KERNEL, scale=1 / blocks, norm=made())
            for _ in range(blocks)
        ),
        LayerNorm(width, eps=EPS),
        Linear(width, window + 2),
        InverseSTFT(window, hop, edge=edge),
    )
