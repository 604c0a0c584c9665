"""Frames of one encoder at several rates: the means of as many frames as a token stands for.

Singing wants long and short tokens side by side ("SingOMD: Singing Oriented Multi-resolution
Discrete Representation Construction from Speech Models", Tang et al. 2024, arXiv:2406.08905). There
a network between the encoder and the centres, trained to give sung recordings back, makes the other
rates; here nothing is trained.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError


def check_strides(strides: Sequence[int]) -> None:
    """Refuse strides that do not descend to 1: the finest token is a frame of the encoder."""
    falling = all(coarse > fine for coarse, fine in pairwise(strides))
    if not strides or not falling or strides[-1] != 1:
        raise ModelError(f"strides must descend to 1, as 4, 2, 1; got {list(strides)}")


def pooled(rows: Float[Tensor, "frames channels"], stride: int) -> Float[Tensor, "tokens channels"]:
    """Return the mean of each `stride` rows, the last of those that are left.

    Rows are added one after the other, so that the sums are alike on all machines, however many
    rows come together.
    """
    if stride == 1:
        return rows
    tokens = -(-len(rows) // stride)
    total = rows[::stride].clone()
    counts = torch.ones(tokens, 1)
    for offset in range(1, stride):
        part = rows[offset::stride]
        total[: len(part)] += part
        counts[: len(part)] += 1
    found: Tensor = total / counts.to(rows)
    return found


def in_steps(parts: Iterable[tuple[int, Any]], step: int) -> Iterator[tuple[int, Tensor]]:
    """Yield `(number of the recording, its next frames)` in whole steps, and what is left last.

    parts: the same with any number of frames, as `feature_parts` yields them.
    """
    held: dict[int, Tensor] = {}
    for number, rows in parts:
        known = torch.as_tensor(rows, dtype=torch.float32)
        if number in held:
            known = torch.cat([held[number], known])
        whole = len(known) // step * step
        held[number] = known[whole:].clone()
        yield number, known[:whole]
    yield from held.items()
