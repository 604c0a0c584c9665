"""Prompts of CSM: utterances one after the other, and what stays of them in a full context.

Whole utterances are left out, the oldest first, never the last: half of one would be speech with
the wrong text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vocable.errors import ModelError
from vocable.language.csm.config import CsmConfig
from vocable.language.csm.utterances import (
    Rows,
    Utterance,
    audio_rows,
    frames_of,
    text_rows,
)
from vocable.language.prompts import check_utterances
from vocable.language.text_ids import TextIds


@dataclass(frozen=True)
class CsmPrompt:
    """rows: ids `[positions, levels + 1]`. left_out: how many utterances did not fit, the oldest.

    text: how many ids the text of the last utterance has.
    """

    rows: Rows
    left_out: int
    text: int


def utterance_rows(
    utterance: Utterance, config: CsmConfig, ids: TextIds | None, *, ended: bool = True
) -> Rows:
    """Return text, sound and end of an utterance as rows; of one that goes on, no end."""
    parts = [text_rows(utterance, config, ids)]
    if utterance.audio is not None:
        parts.append(audio_rows(frames_of(utterance.audio, config), config, ended=ended))
    return np.concatenate(parts)


def build_prompt(
    utterances: Sequence[Utterance], config: CsmConfig, ids: TextIds | None, *, room: int
) -> CsmPrompt:
    """Return a prompt of at most `room` positions.

    The last utterance is what is to be spoken: its text alone, or with the sound that it begins
    with, from which the model goes on. Those before it are whole. Raises TokenError for utterances
    that make no prompt, ModelError for a last one that does not fit.
    """
    check_prompt(utterances)
    last = len(utterances) - 1
    each = [
        utterance_rows(utterance, config, ids, ended=number < last)
        for number, utterance in enumerate(utterances)
    ]
    lengths = [len(rows) for rows in each]
    if lengths[-1] > room:
        raise ModelError(
            f"the last utterance takes {lengths[-1]} positions, and beside what is to come the "
            f"context has {room}; shorten it, or ask for fewer frames"
        )
    left_out = 0
    while sum(lengths[left_out:]) > room:
        left_out += 1
    text = int((each[-1][:, -1] >= 0).sum())
    return CsmPrompt(np.concatenate(each[left_out:]), left_out, text)


def check_prompt(utterances: Sequence[Utterance]) -> None:
    """Refuse, by TokenError, what is not a list of utterances, all but the last with sound."""
    check_utterances(utterances, Utterance, "Utterance(0, 'what is spoken')")
