"""Moshi's 17 rows: its text, what it says, what it hears; and the ids that stand in them.

    row         0        1           2 to 8      9           10 to 16
    holds       text     moshi.0     moshi.1-7   user.0      user.1-7
    delay       0        0           1           0           1

One column of initial ids stands before everything. A model reads columns 0 to T - 1 and predicts
columns 1 to T, so training takes the first T + 1 of them: `moshi_ids(joint)[:, : frames + 1]`.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Int, Int64

from ...errors import TokenError
from ..positions import EMPTY
from .joint import Joint
from .layout import Layout
from .side_by_side import SideBySide

INITIAL_TEXT = 32_000
INITIAL_CODE = 2_048
ZERO = -1  # its embedding is 0, and no loss is counted
UNGENERATED = -2  # the model has not written it yet


def moshi(*, late: int = 1, given: tuple[str, ...] = ("user",)) -> SideBySide:
    """Moshi's rows for parts "text", "moshi" and "user"; `late` is the acoustic delay."""
    audio = Layout("acoustic_delay", (late,))
    return SideBySide({"text": None, "moshi": audio, "user": audio}, lead=1, given=given)


def moshi_ids(joint: Joint) -> Int64[np.ndarray, "rows steps"]:
    """Return the ids of Moshi's rows: initial ids until a row begins, ZERO after it has ended."""
    holds = joint.kind != EMPTY
    begun = np.logical_or.accumulate(holds, axis=1)
    initial = np.full((len(holds), 1), INITIAL_CODE)
    initial[0] = INITIAL_TEXT
    return np.where(holds, joint.token, np.where(begun, ZERO, initial)).astype(np.int64)


def from_moshi_ids(ids: Int[np.ndarray, "rows steps"], kinds: tuple[str, ...]) -> Joint:
    """Return what Moshi's rows hold; `kinds` are the names of the rows, as in `Joint.kinds`.

    TokenError for an id that is neither a token nor one that stands for none.
    """
    if len(ids) != len(kinds):
        raise TokenError(f"ids must have {len(kinds)} rows, got {len(ids)}")
    initial = np.full((len(ids), 1), INITIAL_CODE)
    initial[0] = INITIAL_TEXT
    wrong = (ids < UNGENERATED) | (ids > initial)
    if wrong.any():
        row, step = (int(n) for n in np.argwhere(wrong)[0])
        raise TokenError(
            f"id {ids[row, step]} at row {row}, step {step} is not one of {kinds[row]}: they go "
            f"from 0 to {initial[row, 0] - 1}"
        )
    holds = (ids >= 0) & (ids < initial)
    kind = np.where(holds, np.arange(len(ids))[:, None], EMPTY).astype(np.int32)
    return Joint(kinds, kind, np.where(holds, ids, EMPTY).astype(np.int64))
