"""Tokens with durations in one row: the codes of a token, then how long it lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...errors import TokenError
from ..spec import TokenSpec
from ..spec_parts import Source
from ..values import AudioTokens
from .joint import Joint, Part, level_names
from .joint_layout import JointLayout, Parts, audio_of, check_equal, check_names
from .legal import Legal
from .resynchronise import resynchronise


@dataclass(frozen=True)
class Lasting(JointLayout):
    """Pairs of a code and a duration, as FlexiCodec and CodecSlime send them.

    With several levels the codes of all stand before the duration. The kinds of a part "audio" are
    "audio.0", "audio.1" … and "audio.lasts", whose tokens count from 0 for one frame: `range(n)`
    ids are enough for durations of up to n frames.
    """

    part: str = "audio"

    def kinds(self, levels: int) -> tuple[str, ...]:
        """Return the names of all kinds: the levels, then the duration."""
        return (*level_names(self.part, levels), f"{self.part}.lasts")

    def steps(self, tokens: AudioTokens) -> int:
        """Return the steps of these tokens."""
        return (tokens.levels + 1) * int(tokens.stacks[0].shape[1])

    def arrange(self, parts: Mapping[str, Part]) -> Joint:
        check_names(parts, (self.part,))
        tokens = audio_of(self.part, parts[self.part])
        if tokens.durations is None:
            raise TokenError(
                f'part "{self.part}" must have durations; take tokens.dedup(), or a plain layout'
            )
        rows = [*(codes[0] for codes in tokens.stacks), tokens.durations - 1]
        kind = np.tile(np.arange(len(rows), dtype=np.int32), len(tokens.durations))
        token = np.stack(rows, axis=1, dtype=np.int64).reshape(1, -1)
        return Joint(self.kinds(tokens.levels), kind[None], token)

    def restore(
        self,
        joint: Joint,
        specs: Mapping[str, TokenSpec],
        *,
        sources: Mapping[str, Source] | None = None,
    ) -> dict[str, AudioTokens]:
        check_names(specs, (self.part,))
        cycle = len(joint.levels(self.part)) + 1
        if joint.steps % cycle:
            raise TokenError(
                f"{joint.steps} positions are not whole tokens of {cycle - 1} codes and a duration"
            )
        whole = joint.token[0].reshape(-1, cycle)
        found = {self.part: self._tokens(whole, specs, (sources or {}).get(self.part))}
        check_equal(joint, self.arrange(found), "codes and durations by turns")
        return found

    def recover(self, joint: Joint, specs: Mapping[str, TokenSpec]) -> Parts:
        """Return the tokens whose codes and duration are all there; `lost` counts tokens."""
        check_names(specs, (self.part,))
        cycle = range(len(joint.levels(self.part)) + 1)
        found = resynchronise(joint.kind[0], cycle)
        whole = joint.token[0][found.starts[:, None] + np.arange(len(cycle))]
        lost = sum(found.broken) + (found.tail < joint.steps)
        parts = {self.part: self._tokens(whole, specs, None)}
        return Parts(parts, {self.part: lost}, joint.steps - whole.size)

    def targets(self, joint: Joint) -> Joint:
        """Return everything: all of it is predicted."""
        return joint

    def legal(self, spec: TokenSpec, steps: range, levels: int | None = None) -> Legal:
        """Say what may be written at these steps; the end may stand after a duration."""
        count = spec.check_levels(levels) + 1
        at = np.array(steps, np.int64) % count
        return Legal((at[:, None] == np.arange(count))[None], (at == 0)[None])

    def _tokens(
        self, whole: np.ndarray, specs: Mapping[str, TokenSpec], source: Source | None
    ) -> AudioTokens:
        codes, lasts = whole[:, :-1], whole[:, -1]
        stacks = [row[None] for row in codes.T]
        return AudioTokens(specs[self.part], stacks, durations=lasts + 1, source=source)
