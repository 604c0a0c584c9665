"""Search residual levels along several paths, and keep the one whose sum lies nearest.

Greedy search takes the nearest entry of each level, and may leave the levels after it more than
another entry would have left ("Improving Test-Time Performance of RVQ-based Neural Codecs",
arXiv:2509.19186). Here a few best sums are kept after each level, as long as there are more levels.

With a residual r and an entry e that stands for v = e·A + a, ``½‖r - v‖²`` is ``½‖r‖²`` less
``r·v - ½‖v‖² = (r·Aᵀ)·e + r·a - ½‖v‖²``: one product of the entries' own width. It shortlists; what
is kept is decided by the residuals' norms, which do not depend on what else is in a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from vocable.nn.packed import PackedWeight
from vocable.quantize.search import dealt

SPARE = 1  # sums on the shortlist that rounding may have put before one of the best
COLUMNS = 32  # of a codebook's scores, whose maxima are taken first
SCORES = 1 << 18  # of all paths at a time, in the cache: 1 MiB


@dataclass(frozen=True)
class BeamTable:
    """A codebook ready for search by what its entries stand for."""

    keys: Tensor  # [entries, width], dealt to columns
    bias: Tensor  # [entries]: minus half the norms of what they stand for
    group: int  # entries per column; 1: each is one
    packed: PackedWeight  # of the keys
    values: Tensor  # [entries, dim]: what they stand for, in their own order
    turn: Tensor | None  # [dim, width]: Aᵀ; None where entries stand for themselves
    offset: Tensor | None  # [dim]: a

    def scores(self, x: Float[Tensor, "rows width"]) -> Float[Tensor, "rows entries"]:
        """Return ``x·e - ½‖v‖²`` of each entry, as they are dealt."""
        found = self.packed.product(x, self.keys, self.bias)
        return torch.addmm(self.bias, x, self.keys.T) if found is None else found


def beam_table(
    entries: Float[Tensor, "entries width"], value: Callable[[Tensor], Tensor], *, projected: bool
) -> BeamTable:
    """Return the table of entries that stand for `value` of them, which is affine."""
    entries = entries.detach().float()
    values = value(entries)
    turn: Tensor | None = None
    offset: Tensor | None = None
    if projected:
        eye = torch.eye(entries.shape[1], dtype=torch.float32, device=entries.device)
        offset = value(torch.zeros_like(entries[:1]))[0]
        turn = (value(eye) - offset).T.contiguous()
    group = 1 if len(entries) % COLUMNS else len(entries) // COLUMNS
    keys, bias = dealt(entries, group), dealt(values.square().sum(1).mul_(-0.5), group)
    return BeamTable(keys, bias, group, PackedWeight(), values, turn, offset)


def search_paths(
    z: Float[Tensor, "rows dim"], tables: Sequence[BeamTable], beam: int
) -> Int[Tensor, "levels rows"]:
    """Return the codes of the best sum of entries, one of each level, of those that are kept.

    beam: how many sums are kept after each level.
    """
    most = max(len(table.values) for table in tables)
    blocks = torch.split(z, max(1, SCORES // (beam * most)))
    return torch.cat([_search(block, tables, beam) for block in blocks], 1)


def _search(z: Tensor, tables: Sequence[BeamTable], beam: int) -> Tensor:
    left, energy = z[:, None], _energy(z[:, None])  # [rows, paths, dim], [rows, paths]
    paths: list[Tensor] = []  # [rows, paths] a level
    for number, table in enumerate(tables):
        last = number + 1 == len(tables)
        parent, code = _shortlist(left, energy, table, (1 if last else beam) + SPARE)
        left = _taken(left, parent) - F.embedding(code, table.values)
        energy, order = _energy(left).sort(dim=1, stable=True)
        order = order[:, : 1 if last else beam]
        left, energy = _taken(left, order), energy[:, : order.shape[1]]
        parent, code = parent.gather(1, order), code.gather(1, order)
        paths = [*(path.gather(1, parent) for path in paths), code]
    return torch.stack([path[:, 0] for path in paths])


def _shortlist(left: Tensor, energy: Tensor, table: BeamTable, count: int) -> tuple[Tensor, Tensor]:
    """Return the paths and the codes of the best `count` sums, `[rows, count]`, in their order."""
    rows, paths, dim = left.shape
    size, group = len(table.values), table.group
    query, known = left.reshape(-1, dim), -0.5 * energy.float()
    if table.turn is not None and table.offset is not None:
        query, known = query @ table.turn, known + left @ table.offset
    gains = table.scores(query).view(rows, paths, group, size // group)
    # The best sums are in the columns that have the best maxima: as many as are wanted.
    columns = (gains.amax(2) + known[..., None]).flatten(1)
    column = columns.topk(min(count, columns.shape[1]), 1).indices
    parent, column = column // (size // group), column % (size // group)
    row = torch.arange(rows, device=left.device)[:, None]
    inside = (gains[row, parent, :, column] + known.gather(1, parent)[..., None]).flatten(1)
    best = inside.topk(min(count, inside.shape[1]), 1).indices
    which = best // group
    code = column.gather(1, which) * group + best % group
    ordered = (parent.gather(1, which) * size + code).sort(1).values
    return ordered // size, ordered % size


def _energy(left: Tensor) -> Tensor:
    return left.double().square().sum(-1)


def _taken(left: Tensor, which: Tensor) -> Tensor:
    """Return the residuals of some paths, `[rows, which, dim]`."""
    return left.gather(1, which[..., None].expand(-1, -1, left.shape[2]))
