"""Judge a few held-out clips while a codec learns: mel distance, and the default measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vocable.measures import default_measures, score_all
from vocable.signal.spectra import log_mel
from vocable.train.losses import Reconstruction
from vocable.train.recipe import Loss

_SHOWN = 3  # clips that TensorBoard plays and draws


def judge(
    model: nn.Module,
    clips: Sequence[np.ndarray],
    rate: int,
    device: torch.device,
    board: Any,
    step: int,
) -> dict[str, Any]:
    """Return means over the clips: `mel`, `level_db` (output over input), the default measures.

    The model is run as it will be used: to codes, and back from them. A clip on which a measure is
    not defined counts for the others only (`pesq_wb` is defined at 16 kHz, and needs its package).
    The first clips go to `board` as sound and as spectrograms, the original above.
    """
    distance = Reconstruction(Loss(), rate)
    rows: list[dict[str, float]] = []
    for index, clip in enumerate(clips):
        x = torch.from_numpy(clip).to(device)[None, None]
        y = model.from_codes(model.to_codes(x))[..., : x.shape[-1]]  # type: ignore[operator]
        row = {"mel": float(distance(x, y)["mel"]), "level_db": _level(y) - _level(x)}
        rows.append({**row, **_perceived(clip, y[0, 0].cpu().numpy(), rate)})
        if board and index < _SHOWN:
            _show(board, index, x[0, 0].cpu(), y[0, 0].cpu(), rate, step)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}


def _level(x: Tensor) -> float:
    return float(10 * (x.square().mean() + 1e-12).log10())


def _perceived(target: np.ndarray, output: np.ndarray, rate: int) -> dict[str, float]:
    scores, _ = score_all(default_measures(), target, output, rate)
    return scores


def _show(board: Any, index: int, target: Tensor, output: Tensor, rate: int, step: int) -> None:
    board.add_audio(f"clip {index}/original", target[None], step, sample_rate=rate)
    board.add_audio(f"clip {index}/decoded", output.clamp(-1, 1)[None], step, sample_rate=rate)
    picture = torch.cat([log_mel(x, rate, 512, 80).T.flip(0) for x in (target, output)])
    shade = (picture - picture.min()) / (picture.max() - picture.min()).clamp(min=1e-6)
    board.add_image(f"clip {index}/spectrograms", shade[None], step)
