"""Open the golden toy of Moshi as checkpoints of `moshi`, and let ours say what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.golden.moshi.make import FILE, TOY
from tests.language.moshi.toys import opened as opened
from vocable import weights
from vocable.language.engine import Engine
from vocable.language.moshi import Moshi, converse
from vocable.language.sampling import GREEDY

LATE = [0, 0, *[1] * 7, 0, *[1] * 7]
# what a config.json of the package says beside the toy's own sizes
CONFIG: dict[str, Any] = TOY | dict(
    n_q=16, dep_q=8, delays=LATE, norm="rms_norm_f32", gating="silu", depformer_gating="silu",
    positional_embedding="rope", depformer_pos_emb="none", depformer_multi_linear=True,
    depformer_weights_per_step=True, existing_text_padding_id=3, max_period=10_000,
    layer_scale=None, depformer_layer_scale=None, model_type="moshi",
)  # fmt: skip


def stored() -> dict[str, Tensor]:
    """Return all tensors of the golden file."""
    return weights.read(FILE)


def state() -> dict[str, Tensor]:
    """Return the toy's weights by the package's keys of today, in bf16."""
    return {k.removeprefix("state."): v for k, v in stored().items() if "state." in k}


def as_published(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights by the keys of published files: attention of all levels in one matrix."""
    found: dict[str, Tensor] = {}
    for key, value in tensors.items():
        for today, then in (("in_projs", "in_proj_weight"), ("out_projs", "out_proj.weight")):
            head, cut, _ = key.partition(f".self_attn.{today}.")
            if cut:
                whole = f"{head}.self_attn.{then}"
                found[whole] = torch.cat((found[whole], value)) if whole in found else value
                break
        else:
            found[key] = value
    return found


@torch.no_grad()
def said_by_ours(model: Moshi, heard: Tensor) -> np.ndarray:
    """Return what users `[batch, 8, steps]` are told greedily, `[batch, 9, …]`."""
    engine = Engine(model, heard.shape[0])
    talks = [converse(engine, sampling=(GREEDY, GREEDY)) for _ in heard]
    said: list[list[list[int]]] = [[] for _ in talks]
    for step in range(heard.shape[2]):
        for talk, codes in zip(talks, heard[:, :, step], strict=True):
            talk.hear(codes.numpy())
        for frames, talk in zip(said, talks, strict=True):
            frame = talk.say()
            frames += [] if frame is None else [[frame.text, *frame.codes]]
    return np.array(said).transpose(0, 2, 1)
