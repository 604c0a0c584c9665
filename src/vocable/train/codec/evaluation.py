"""Evaluate a codec on a few held-out clips: mel distance, level, and the default measures."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.audio import Audio, resample
from vocable.measures import default_measures, score_recordings
from vocable.signal.spectra import log_mel
from vocable.train.codec.losses import ReconstructionLoss
from vocable.train.codec.recipe import Loss

_log = logging.getLogger(__name__)
_SHOWN = 3  # clips that TensorBoard plays and draws


@torch.no_grad()
def evaluate(
    model: nn.Module,
    clips: Sequence[np.ndarray],
    rate: int,
    device: torch.device,
    board: Any,
    step: int,
) -> dict[str, float]:
    """Return means over the clips: `mel`, `level_db` (output over input), the default
    measures (`pesq_wb`, `stoi`).

    rate: of the clips, in Hz, which is what the model writes. The model is run as it will be used:
    to codes, and back from them. A clip on which a measure
    is not defined (or not installed) counts for the others only. The first clips go to
    `board` (a TensorBoard SummaryWriter or None) as sound and as spectrograms, the original above.
    """
    distance = ReconstructionLoss(Loss(), rate)
    rows: list[dict[str, float]] = []
    reasons: dict[str, str] = {}
    for index, clip in enumerate(clips):
        target = torch.from_numpy(clip).to(device)[None]
        output = _decoded(model, target, rate)
        row = {
            "mel": float(distance(target, output)["mel"]),
            "level_db": _level_db(output) - _level_db(target),
        }
        scores, unscored, delay = score_recordings(
            default_measures(),
            Audio(clip, rate),
            Audio(output[0].cpu().numpy(), rate, allow_loud=True),
            rate,
        )
        if delay:
            _log.info("a clip comes back %.1f ms late, and is scored lined up", 1000 * delay)
        rows.append({**row, **scores})
        reasons |= unscored
        if board and index < _SHOWN:
            _show(board, index, target[0].mean(0).cpu(), output[0].mean(0).cpu(), rate, step)
    names = dict.fromkeys(name for row in rows for name in row)
    for name, reason in reasons.items():
        _log.info("%s is not measured of every clip: %s", name, reason)
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}


def at_rate(x: Float[Tensor, "batch channels time"], rate: int, to: int) -> Tensor:
    """Return sound at `rate` Hz resampled to `to` Hz, without delay."""
    if rate == to:
        return x
    found = resample(x.flatten(0, 1).cpu().numpy(), rate, to)
    return torch.from_numpy(found).reshape(*x.shape[:2], -1).to(x.device)


def _decoded(model: nn.Module, x: Tensor, rate: int) -> Tensor:
    """Return what comes back from the codes of `x`, at its length."""
    codec: Any = model
    decoded: Tensor = codec.from_codes(codec.to_codes(at_rate(x, rate, codec.spec.rate)))
    return decoded[..., : x.shape[-1]]


def _level_db(x: Tensor) -> float:
    return float(10 * (x.square().mean() + 1e-12).log10())


def _show(board: Any, index: int, target: Tensor, output: Tensor, rate: int, step: int) -> None:
    board.add_audio(f"clip {index}/original", target[None], step, sample_rate=rate)
    board.add_audio(f"clip {index}/decoded", output.clamp(-1, 1)[None], step, sample_rate=rate)
    picture = torch.cat([log_mel(x, rate, 512, 80).T.flip(0) for x in (target, output)])
    shade = (picture - picture.min()) / (picture.max() - picture.min()).clamp(min=1e-6)
    board.add_image(f"clip {index}/spectrograms", shade[None], step)
