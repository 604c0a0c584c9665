"""Checkpoints of CPC_audio: `{"weights": …, "config": …}`.

gEncoder.convN.…   gEncoder.batchNormN.…   gAR.baseNet.weight_ih_lN …
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from vocable.codecs.keys import seanet
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.errors import ModelError
from vocable.units.keys.wav2vec2 import check_settings
from vocable.weights import Row, rename

_FIRST, _MEMORY = "gEncoder.conv0.weight", "gAR.baseNet.weight_hh_l0"
_TABLE = (
    Row(r"gEncoder\.conv(\d)\.(weight|bias)", r"convs.\1.\2"),
    Row(r"gEncoder\.batchNorm(\d)\.(weight|bias)", r"norms.\1.\2", torch.flatten),
    Row(r"gAR\.baseNet\.(weight|bias)_([ih]h)_l(\d+)", r"levels.\3.cells.\1_\2_l0"),
    Row(r"cpcCriterion\..+", None),
)


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which CPC a checkpoint is, or None if it is of another family."""
    shapes = checkpoint.shapes
    if _FIRST not in shapes:
        return None
    if _MEMORY not in shapes:
        raise ModelError(f"checkpoint lacks {_MEMORY}; CPC is read with the LSTM behind it")
    with seanet.refusing("weights of such shapes make no CPC"):
        rows, width = shapes[_MEMORY]
        levels = sum(bool(re.fullmatch(r"gAR\.baseNet\.weight_hh_l\d+", key)) for key in shapes)
        filters = shapes[_FIRST][0]
    if rows != 4 * width:
        raise ModelError(f"checkpoint has {_MEMORY} of {rows} rows, where an LSTM has {4 * width}")
    stated = checkpoint.stated.get("config")
    if isinstance(stated, Mapping):
        check_settings(stated, {"arMode": "LSTM", "normMode": "layerNorm", "encoder_type": "cpc"})
    config: dict[str, Any] = {"filters": filters, "width": width, "levels": levels}
    return Recognised(f"cpc-{levels}x{width}", "CPC_audio", "cpc", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.units.cpc`."""
    return rename(checkpoint.tensors(), _TABLE)
