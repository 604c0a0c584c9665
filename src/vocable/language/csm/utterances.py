"""What was said, by whom: text and sound of one turn, as rows of ids.

Its text comes first, `[speaker]text` between a begin and an end, then its frames, then an end frame
of zeros. Code 0 is also a code as any other: only a frame of nothing else ends.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from vocable.errors import TokenError
from vocable.language.csm.config import CsmConfig
from vocable.language.text_ids import TextIds
from vocable.tokens import AudioTokens
from vocable.tokens.spec_parts import check_count

Rows = Int64[np.ndarray, "positions rows"]
Frames = Int64[np.ndarray, "frames levels"]


@dataclass(frozen=True)
class Utterance:
    """What one speaker says at a time.

    speaker     a number from 0; the same voice keeps its number
    text        what is said; or, where the model has no tokenizer, the ids of `[speaker]text`
    audio       how it was said: tokens of the model's codec, or frames `[frames, levels]`; None
                where that is to be generated
    """

    speaker: int
    text: str | Sequence[int]
    audio: AudioTokens | np.ndarray | None = None

    def __post_init__(self) -> None:
        check_count("speaker", self.speaker, 0)


def text_rows(utterance: Utterance, config: CsmConfig, ids: TextIds | None) -> Rows:
    """Return the rows of an utterance's text, `[positions, levels + 1]`."""
    if isinstance(utterance.text, str):
        if ids is None:
            raise TokenError(
                "the model has no tokenizer; put tokenizer.json beside its weights, or give text "
                "as ids"
            )
        inner = _whole_numbers(ids(f"[{utterance.speaker}]{utterance.text}"))
    else:
        inner = _whole_numbers(utterance.text)
    if not inner or not len(utterance.text):
        raise TokenError("an utterance's text is empty; say what is spoken")
    found = np.array([config.begin, *inner, config.end])
    if (wrong := found[(found < 0) | (found >= config.text)]).size:
        raise TokenError(
            f"text id {wrong[0]} is out of range: the model has 0 to {config.text - 1}"
        )
    rows = np.full((len(found), config.levels + 1), -1, np.int64)
    rows[:, -1] = found
    return rows


def _whole_numbers(ids: Sequence[int]) -> list[int]:
    try:
        return [operator.index(id) for id in ids]
    except TypeError:
        raise TokenError(
            f"an utterance's text is a text, or its ids as whole numbers; it is {ids!r:.60}"
        ) from None


def audio_rows(frames: Frames, config: CsmConfig, *, ended: bool) -> Rows:
    """Return the rows of frames, with the end frame behind them if the utterance has ended."""
    rows = np.full((len(frames) + ended, config.levels + 1), -1, np.int64)
    rows[: len(frames), :-1] = frames
    if ended:
        rows[-1, :-1] = 0
    return rows


def frames_of(audio: AudioTokens | np.ndarray, config: CsmConfig) -> Frames:
    """Return sound as frames `[frames, levels]`; TokenError for what is not such sound."""
    if isinstance(audio, AudioTokens):
        if audio.streams != 1:
            raise TokenError(
                f"an utterance has one voice, but its tokens have {audio.streams} streams; encode "
                "the recording with mix=True"
            )
        if audio.durations is not None or audio.levels < config.levels:
            raise TokenError(
                f"an utterance needs all {config.levels} levels of every frame, got {audio.levels}"
                + (" with durations" if audio.durations is not None else "")
            )
        audio = audio.codes[0, : config.levels].T
    found = np.asarray(audio)
    if found.ndim != 2 or found.shape[1] != config.levels or found.dtype.kind not in "iu":
        raise TokenError(
            f"frames are integers [frames, {config.levels}], got {found.dtype} {list(found.shape)}"
        )
    if not len(found):
        raise TokenError("an utterance's sound has no frame; leave audio out where there is none")
    frames = found.astype(np.int64)
    if (wrong := np.argwhere((frames < 0) | (frames >= config.codes))).size:
        frame, level = wrong[0]
        raise TokenError(
            f"code {frames[frame, level]} of level {level} in frame {frame} is out of range: the "
            f"codec has 0 to {config.codes - 1}"
        )
    return frames
