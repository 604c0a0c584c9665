"""Tokens, text and marks as ids of the vocabulary that a text model was extended by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int64

from vocable.errors import TokenError
from vocable.language.text_model import AudioIds
from vocable.nearest import listed
from vocable.tokens import AcousticBPE, AudioTokens, Vocabulary


def base_of(ids: AudioIds) -> Vocabulary:
    """Return the vocabulary of single tokens."""
    return ids.base if isinstance(ids, AcousticBPE) else ids


def audio_row(ids: AudioIds, tokens: AudioTokens) -> Int64[np.ndarray, " ids"]:
    """Return the ids of tokens of one stream, of a run that has a duration one.

    TokenError for tokens of another space, of several streams or of no frame, and for a layout of
    several rows.
    """
    layout = base_of(ids).layout
    if not layout.one_row:
        raise TokenError(
            f"a text model reads one row of ids, not layout {layout.name}; use flatten()"
        )
    if tokens.streams != 1:
        raise TokenError(
            f"a sequence has one voice, but its tokens have {tokens.streams} streams; encode the "
            "recording with mix=True"
        )
    if not tokens.frames:
        raise TokenError("the tokens have no frame; leave the recording out")
    if isinstance(ids, AcousticBPE):
        return ids.to_ids(tokens)[0]
    found: Int64[np.ndarray, " ids"] = ids.to_ids(AudioTokens(tokens.spec, tokens.stacks))[0]
    return found


def text_row(ids: AudioIds, text: Any, name: str = "text") -> Int64[np.ndarray, " ids"]:
    """Return ids of text, each below the vocabulary's own; TokenError for others, and for none."""
    found, most = np.asarray(text), base_of(ids).text
    if not found.size:
        raise TokenError(f"{name} has no ids; say what is spoken, as the ids of a tokenizer")
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise TokenError(f"{name} must be a row of ids, got {found.dtype} {list(found.shape)}")
    if (wrong := np.flatnonzero((found < 0) | (found >= most))).size:
        raise TokenError(
            f"id {found[wrong[0]]} at position {wrong[0]} of {name} is none of text, which has 0 "
            f"to {most - 1}"
        )
    return found.astype(np.int64)


def marks_of(ids: AudioIds, names: Sequence[str]) -> list[int]:
    """Return the ids of marks, specials of the vocabulary; TokenError for one that it lacks."""
    specials = base_of(ids).specials
    if missing := [name for name in names if name not in specials]:
        raise TokenError(
            f'the vocabulary has no special "{missing[0]}", only {listed(list(specials))}; make it '
            f"with specials={tuple(names)}"
        )
    return [specials[name] for name in names]
