"""Judge a few held-out clips while a codec learns: mel distance; PESQ and STOI if installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from vocable.train.losses import Reconstruction
from vocable.train.recipe import Loss


def judge(model: nn.Module, clips: Sequence[np.ndarray], rate: int) -> dict[str, Any]:
    """Return means over the clips: `mel`, `level_db` (output over input), `pesq`, `stoi`.

    The model is run as it will be used: to codes, and back from them. PESQ needs a rate of 16 kHz;
    a clip on which a measure is not defined counts for the others only.
    """
    distance = Reconstruction(Loss(), rate)
    rows: list[dict[str, float]] = []
    for clip in clips:
        x = torch.from_numpy(clip)[None, None]
        y = model.from_codes(model.to_codes(x))[..., : x.shape[-1]]  # type: ignore[operator]
        row = {"mel": float(distance(x, y)["mel"]), "level_db": _level(y) - _level(x)}
        rows.append({**row, **_perceived(clip, y[0, 0].numpy(), rate)})
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}


def _level(x: torch.Tensor) -> float:
    return float(10 * (x.square().mean() + 1e-12).log10())


def _perceived(target: np.ndarray, output: np.ndarray, rate: int) -> dict[str, float]:
    try:
        import pesq
        import pystoi
    except ImportError:
        return {}
    found = {"stoi": float(pystoi.stoi(target, output, rate))}
    if rate == 16_000:
        try:
            found["pesq"] = float(pesq.pesq(rate, target, output, "wb"))
        except (pesq.PesqError, ValueError):
            return found
    return found
