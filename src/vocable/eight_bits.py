"""Weights as files hold them in 8 bits: each row of a matrix is a scale times whole numbers.

A third to a half of a file in half precision, each weight within 1/254 of the largest of its row.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

SCALE = ".scale"  # behind a matrix's key, that of its rows' scales `[rows]`
MOST = 127


def rounded(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return matrices in int8 and the scales of their rows; other floats in half precision."""
    found: dict[str, Tensor] = {}
    for key, value in tensors.items():
        if not value.is_floating_point():
            found[key] = value
        elif value.dim() == 2:
            rows = value.float()
            scales = (rows.abs().amax(1) / MOST).clamp(min=torch.finfo(torch.float32).tiny)
            found[key] = (rows / scales[:, None]).round().to(torch.int8)
            found[key + SCALE] = scales
        else:
            found[key] = value.half()
    return found


def restored(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what was rounded as floats in fp32; tensors without scales stay as they are."""
    whole = {key for key in tensors if key + SCALE in tensors}
    found = {key: value for key, value in tensors.items() if key.removesuffix(SCALE) not in whole}
    return found | {key: tensors[key].float() * tensors[key + SCALE][:, None] for key in whole}
