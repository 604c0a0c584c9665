"""Find the nearest entries of several codebooks at once, by one batched product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vocable.nn.settings import exporting
from vocable.quantize.search import BLOCK, FEW, SearchTable, best, nearest

WIDE = 1024  # entries from which on the maximum is faster in two steps
BROAD = 64  # channels from which on many rows gain more by packed keys than by one product
SCORES = 1 << 18  # of all codebooks at a time, in the cache: 1 MiB


@dataclass(frozen=True)
class GroupTable:
    """The tables of codebooks of one size and width, side by side."""

    keys: Tensor  # [groups, width, entries]
    bias: Tensor  # [groups, 1, entries]
    dealt: Tensor  # keys as the two steps want them; the same where one step is as good
    dealt_bias: Tensor
    group: int  # entries per column
    single: Sequence[SearchTable]


def joined(tables: Sequence[SearchTable]) -> GroupTable:
    """Return tables of single codebooks as one."""
    keys = torch.stack([table.turned for table in tables])
    bias = torch.stack([table.plain_bias[None] for table in tables])
    group = tables[0].group if keys.shape[2] >= WIDE else 1
    if group == 1:
        return GroupTable(keys, bias, keys, bias, group, tables)
    dealt = torch.stack([table.keys.T for table in tables])
    dealt_bias = torch.stack([table.bias[None] for table in tables])
    return GroupTable(keys, bias, dealt, dealt_bias, group, tables)


def nearest_in_groups(
    x: Float[Tensor, "groups rows width"], table: GroupTable
) -> Int[Tensor, "groups rows"]:
    """Return for each row the index of the nearest entry of its group's codebook.

    As `search.nearest`, which finds the same apart from near ties: ties go to the lowest index.
    """
    groups, rows, width = x.shape
    if exporting() or rows <= FEW:
        return torch.baddbmm(table.bias, x, table.keys).argmax(2)
    if width >= BROAD and rows >= BLOCK:
        pairs = zip(x, table.single, strict=True)
        return torch.stack([nearest(own, keys) for own, keys in pairs])
    size, found = table.keys.shape[2], []
    for block in torch.split(x, max(FEW, SCORES // (groups * size)), 1):
        scores = torch.baddbmm(table.dealt_bias, block, table.dealt)
        found.append(best(scores.view(-1, size), table.group).view(groups, -1))
    return torch.cat(found, 1)
