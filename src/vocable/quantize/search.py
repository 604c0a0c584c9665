"""Find the nearest codebook entry: one search for every quantizer.

The nearest entry maximises ``x·e − ½‖e‖²``: one matrix product with the half norms as its bias. The
maximum over 1024 scores costs more than their product if it is taken in one go, so it is taken in
two: over the rows of a ``[GROUP, entries / GROUP]`` view, which vectorises, then along the winning
column. Entries are dealt to the columns in runs of ``GROUP``, so that the first of equal columns,
and in it the first of equal rows, is the entry of the lowest index: ties fall as in a plain argmax.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vocable.nn.packed import PackedWeight
from vocable.nn.settings import exporting
from vocable.quantize.precision import full_precision

GROUP = 32  # entries per column of the two-step maximum
FEW = 8  # rows up to which one plain maximum costs less than dealing
BLOCK = 256  # rows searched at a time: their scores, 1 MiB at 1024 entries, stay in the cache


@dataclass(frozen=True)
class SearchTable:
    """Codebook entries ready for search: keys dealt to columns, and minus half their norms."""

    keys: Tensor  # [entries, dim]
    bias: Tensor  # [entries]
    group: int  # entries per column; 1 where one step is as good
    turned: Tensor  # [dim, entries], keys in their own order: few rows are searched twice as fast
    plain_bias: Tensor  # [entries]
    packed: PackedWeight | None  # of the keys, where the table is kept for many searches


def prepare(entries: Float[Tensor, "entries dim"], *, kept: bool = False) -> SearchTable:
    """Return ``entries`` ordered for `nearest`, with their half norms.

    kept: for many searches, which pay for more preparation.
    """
    keys = entries.detach().float()
    size = len(keys)
    group = GROUP if size % GROUP == 0 and size >= 8 * GROUP else 1
    columns = dealt(keys, group)
    packed = PackedWeight() if kept else None
    turned = keys.T.contiguous()
    return SearchTable(columns, _half_norms(columns), group, turned, _half_norms(keys), packed)


def dealt(rows: Float[Tensor, "entries *dim"], group: int) -> Float[Tensor, "entries *dim"]:
    """Return rows dealt to columns in runs of `group`."""
    columns = rows.reshape(len(rows) // group, group, *rows.shape[1:]).transpose(0, 1)
    return columns.reshape(rows.shape).contiguous()


def nearest(x: Float[Tensor, "rows dim"], table: SearchTable) -> Int[Tensor, "rows"]:
    """Return for each row of ``x`` the index of the entry at the smallest Euclidean distance.

    Ties go to the lowest index. Computed in fp32 whatever autocast or TF32 say.
    """
    x = x.detach().float()
    with full_precision(x.device.type):
        if exporting() or len(x) == 1:
            return _few(x, table)
        blocks, found = torch.split(x, BLOCK), []
        # One buffer for all blocks: fresh memory for each would cost as much as its scores.
        buffer: Tensor | None = None
        for block in blocks:
            scores = _packed_scores(block, table)
            if scores is None and len(block) <= FEW:
                found.append(_few(block, table))
                continue
            if scores is None:
                if buffer is None:
                    buffer = table.keys.new_empty(len(block), len(table.keys))
                out = buffer[: len(block)]
                scores = torch.addmm(table.bias, block, table.keys.T, out=out)
            found.append(best(scores, table.group))
        return found[0] if len(found) == 1 else torch.cat(found)


def _packed_scores(x: Tensor, table: SearchTable) -> Tensor | None:
    return None if table.packed is None else table.packed.product(x, table.keys, table.bias)


def _few(x: Tensor, table: SearchTable) -> Tensor:
    return torch.addmm(table.plain_bias, x, table.turned).argmax(dim=1)


def _half_norms(keys: Tensor) -> Tensor:
    return keys.square().sum(dim=1).mul_(-0.5)


def best(scores: Float[Tensor, "rows entries"], group: int) -> Int[Tensor, "rows"]:
    """Return the place of each row's maximum, entries dealt to columns in runs of `group`."""
    rows, size = scores.shape
    if group == 1:
        return scores.argmax(dim=1)
    dealt = scores.view(rows, group, size // group)
    column = dealt.amax(dim=1).argmax(dim=1)
    inside = dealt.gather(2, column[:, None, None].expand(-1, group, 1)).squeeze(2)
    return column * group + inside.argmax(dim=1)
