"""Speakers by turns, frame by frame: A's, B's, A's, B's …"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from ...errors import TokenError
from ..positions import EMPTY
from ..spec import TokenSpec
from ..spec_parts import Source
from ..values import AudioTokens
from .joint import Joint, level_names
from .joint_layout import audio_of
from .layout import Layout
from .recover import Recovered
from .resynchronise import resynchronise


@dataclass(frozen=True)
class Speakers:
    """One cycle of frames of each stream in turn, in the order of their numbers.

    A layout of one row takes as many positions as there are speakers; compare `SideBySide`, which
    takes the positions of one. Kinds are "0.0" for level 0 of speaker 0, then "0.1", "1.0" …
    """

    layout: Layout = field(default_factory=lambda: Layout("flatten"))

    def __post_init__(self) -> None:
        if self.layout.name not in ("flatten", "parallel", "depth"):
            raise TokenError(
                "speakers take turns in flatten, parallel or depth, where a cycle is whole in its "
                f"steps; got {self.layout.name}"
            )

    def steps(self, spec: TokenSpec, frames: int, speakers: int, levels: int | None = None) -> int:
        """Return the steps of this many frames of each speaker."""
        return speakers * self.layout.steps(spec, frames, levels)

    def arrange(self, tokens: AudioTokens) -> Joint:
        """Return the streams of one recording by turns."""
        tokens = audio_of("speakers", tokens, None)
        grid = self.layout.arrange(tokens)
        level = self.layout.positions(tokens.spec, tokens.frames, tokens.levels).level
        first = np.arange(tokens.streams)[:, None, None] * tokens.levels
        kind = np.where(level == EMPTY, EMPTY, level + first)
        order = self._order(tokens.spec, grid.shape[2], tokens.streams, tokens.levels)
        kinds = [name for s in range(tokens.streams) for name in level_names(str(s), tokens.levels)]
        joint = [_in_turns(each, order) for each in (kind, grid)]
        return Joint(tuple(kinds), joint[0].astype(np.int32), joint[1].astype(np.int64))

    def restore(
        self, joint: Joint, spec: TokenSpec, *, source: Source | None = None
    ) -> AudioTokens:
        """Return tokens with a stream per speaker; TokenError where the turns are not whole."""
        levels, speakers = self._counts(joint)
        if joint.steps % speakers:
            raise TokenError(f"{joint.steps} steps are not as many of each of {speakers} speakers")
        order = self._order(spec, joint.steps // speakers, speakers, levels)
        grid = _by_speaker(joint, order, speakers)
        tokens = self.layout.restore(grid, spec, levels, source=source)
        if self.arrange(tokens) != joint:
            raise TokenError("a speaker's token stands in another's turn; recover reads the rest")
        return tokens

    def recover(self, joint: Joint, spec: TokenSpec) -> Recovered:
        """Return the frames that are whole of every speaker, of a sequence that stopped early.

        In one row tokens may also be missing or too many: a turn of all speakers in which one is
        missing is lost.
        """
        with suppress(TokenError):  # what is whole may end in the middle of a cycle
            return Recovered(self.restore(joint, spec), 0, (), 0)
        levels, speakers = self._counts(joint)
        left, lost = joint, 0
        gaps: set[int] = set()
        if self.layout.one_row:
            cycle = spec.step
            one = [np.zeros((speakers, cycle // n.stride), int) for n in spec.levels[:levels]]
            turn = self.arrange(AudioTokens(spec, one)).kind[0].tolist()
            found = resynchronise(joint.kind[0], turn)
            kept = (found.starts[:, None] + np.arange(len(turn))).reshape(-1)
            kept = np.concatenate([kept, np.arange(found.tail, joint.steps)])
            left = Joint(joint.kinds, joint.kind[:, kept], joint.token[:, kept])
            lost = cycle * sum(found.broken)
            gaps = {cycle * number for number, broken in enumerate(found.broken) if broken}
        whole = self.layout.recover(_by_kind(left, levels, speakers), spec, levels)
        there = int((joint.kind != EMPTY).sum())
        dropped = there - sum(codes.size for codes in whole.tokens.stacks)
        gaps |= set(whole.gaps)
        return Recovered(whole.tokens, whole.lost + lost, tuple(sorted(gaps)), dropped)

    def _counts(self, joint: Joint) -> tuple[int, int]:
        levels = len(joint.levels("0"))
        return levels, len(joint.kinds) // levels

    def _order(self, spec: TokenSpec, steps: int, speakers: int, levels: int) -> np.ndarray:
        """Return speaker × steps + step for each position."""
        cycle = self.layout.steps(spec, spec.step, levels)
        step = np.tile(np.arange(steps), speakers)
        speaker = np.repeat(np.arange(speakers), steps)
        turns = np.lexsort((step, speaker, step // cycle))
        return np.asarray(turns)


def _in_turns(grid: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return `[rows, speakers × steps]` of `[speakers, rows, steps]`."""
    speakers, rows, steps = grid.shape
    return np.asarray(grid.transpose(1, 0, 2).reshape(rows, speakers * steps)[:, order])


def _by_speaker(joint: Joint, order: np.ndarray, speakers: int) -> np.ndarray:
    """Undo `_in_turns` for the tokens."""
    rows = len(joint.token)
    grid = np.empty_like(joint.token)
    grid[:, order] = joint.token
    return np.asarray(grid.reshape(rows, speakers, -1).transpose(1, 0, 2))


def _by_kind(joint: Joint, levels: int, speakers: int) -> np.ndarray:
    """Return `[speakers, rows, steps]`, each step its speaker's by what stands there.

    A step in which nothing stands is the speaker's whose turn it is.
    """
    speaker = joint.kind.max(axis=0, initial=EMPTY) // levels
    known = np.maximum.accumulate(np.where(speaker >= 0, np.arange(len(speaker)), 0))
    speaker = speaker[known] if len(speaker) else speaker
    steps = max(int((speaker == one).sum()) for one in range(speakers))
    grid = np.full((speakers, len(joint.kind), steps), EMPTY, np.int64)
    for one in range(speakers):
        own = joint.token[:, speaker == one]
        grid[one, :, : own.shape[1]] = own
    return grid
