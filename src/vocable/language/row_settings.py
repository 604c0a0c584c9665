"""The settings of one row of a step, of all streams that draw it together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vocable.language.sampling import Sampling


class RowSettings:
    """One column `[streams, 1]` a setting; None where no stream asks for it: it is left out."""

    def __init__(self, each: Sequence[Sampling], device: torch.device) -> None:
        def column(values: list[float] | list[int], idle: float) -> Tensor | None:
            asked = any(value != idle for value in values)
            return torch.tensor(values, device=device)[:, None] if asked else None

        self.greedy = column([int(s.temperature == 0) for s in each], 0)
        self.all_greedy = all(s.temperature == 0 for s in each)
        tempered = [max(s.temperature, 1e-6) if s.temperature else 1.0 for s in each]
        self.temperature = column(tempered, 1.0)  # less would make logits infinite
        self.guidance = column([s.guidance for s in each], 1.0)
        self.top_k = column([int(s.top_k or 0) for s in each], 0)
        self.most = max((int(s.top_k or 0) for s in each), default=0)
        self.top_p = column([2.0 if s.top_p is None else s.top_p for s in each], 2.0)
        self.penalty = column([s.penalty.factor if s.penalty else 1.0 for s in each], 1.0)
        self.penalised = column([s.penalty.window if s.penalty else 0 for s in each], 0)
        self.least = column([s.aware.least if s.aware else 0 for s in each], 0)
        self.watched = column([s.aware.window if s.aware else 0 for s in each], 0)
        without = [int(s.aware is not None and s.aware.form == "cosyvoice") for s in each]
        self.without = column(without, 0)
        self.window = max((s.window for s in each), default=0)
