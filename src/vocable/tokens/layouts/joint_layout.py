"""What all layouts of several kinds of tokens promise, and what they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import TokenError
from ..checks import integers
from ..positions import EMPTY
from ..spec import TokenSpec
from ..spec_parts import Source
from ..values import AudioTokens
from .joint import Joint, Part


@dataclass(frozen=True)
class Parts:
    """What was read of a sequence that stopped early or is damaged.

    parts       by name: whole frames of audio, text as it stands there
    lost        frames of each part of audio that were begun and are not whole
    dropped     tokens that belong to no whole frame
    """

    parts: Mapping[str, Any]
    lost: Mapping[str, int]
    dropped: int


class JointLayout(ABC):
    """One order of several parts: audio tokens of one stream, and text as a row of ids.

    `arrange` and `restore` are inverse to each other, exactly.
    """

    @abstractmethod
    def arrange(self, parts: Mapping[str, Part]) -> Joint:
        """Return the parts in this order."""

    @abstractmethod
    def restore(
        self,
        joint: Joint,
        specs: Mapping[str, TokenSpec],
        *,
        sources: Mapping[str, Source] | None = None,
    ) -> dict[str, Any]:
        """Return the parts: AudioTokens of those that `specs` names, text as int64 `[ids]`.

        TokenError, with the position, where something stands that this order does not have.
        """

    @abstractmethod
    def recover(self, joint: Joint, specs: Mapping[str, TokenSpec]) -> Parts:
        """Return what is whole in a sequence that stopped early or is damaged."""

    @abstractmethod
    def targets(self, joint: Joint) -> Joint:
        """Return what the model is to predict at each position, nothing where no loss is counted.

        It has the positions of `joint`; a trainer shifts it against its input as any labels.
        """


def text_of(name: str, part: Any) -> np.ndarray:
    """Return text as int64 `[ids]`."""
    if isinstance(part, AudioTokens):
        raise TokenError(f'part "{name}" must be ids of text, got tokens of {part.spec.name}')
    ids = np.zeros(0, np.int64) if isinstance(part, list) and not part else integers(name, part)
    if ids.ndim != 1 or (ids < 0).any():
        raise TokenError(f'part "{name}" must be a row of ids from 0, got shape {list(ids.shape)}')
    return ids.astype(np.int64)


def audio_of(name: str, part: Any, streams: int | None = 1) -> AudioTokens:
    """Return audio tokens, of one stream if no other number is asked for (None: of any)."""
    if not isinstance(part, AudioTokens):
        raise TokenError(f'part "{name}" must be AudioTokens, got {type(part).__name__}')
    if streams is not None and part.streams != streams:
        raise TokenError(f'part "{name}" must have {streams} stream, got {part.streams}')
    return part


def check_names(given: Mapping[str, Any], wanted: Sequence[str]) -> None:
    """Refuse parts that are not just these."""
    if set(given) != set(wanted):
        raise TokenError(f"parts must be {', '.join(wanted)}, got {', '.join(given) or 'none'}")


def check_equal(joint: Joint, wanted: Joint, name: str) -> None:
    """Refuse a sequence that is not in the order which its own parts have."""
    if joint.kind.shape != wanted.kind.shape:
        shapes = [" × ".join(map(str, each.kind.shape)) for each in (wanted, joint)]
        raise TokenError(f"{name} of these parts must be {shapes[0]} positions, got {shapes[1]}")
    wrong = (joint.kind != wanted.kind) | (joint.token != wanted.token)
    if wrong.any():
        row, step = (int(n) for n in np.argwhere(wrong)[0])
        pair = [_named(each, row, step) for each in (wanted, joint)]
        raise TokenError(f"{name} must have {pair[0]} at row {row}, step {step}, got {pair[1]}")


def _named(joint: Joint, row: int, step: int) -> str:
    kind = joint.kind[row, step]
    return "nothing" if kind == EMPTY else joint.kinds[kind]
