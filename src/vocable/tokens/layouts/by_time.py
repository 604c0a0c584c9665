"""Tracks of several rates in one row, by the moment at which each token begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import lcm
from typing import Any

import numpy as np
from jaxtyping import Int64

from ...errors import TokenError
from ..spec import TokenSpec
from ..spec_parts import Source
from ..values import AudioTokens
from .joint import Joint, Part, level_names
from .joint_layout import JointLayout, Parts, audio_of, check_equal, check_names
from .layout import Layout
from .legal import Legal
from .whole_frames import whole_frames

FLATTEN = Layout("flatten")


@dataclass(frozen=True)
class ByTime(JointLayout):
    """Tokens of several tracks of one recording, merged by their time stamps (SpiritLM's units).

    Tokens that begin at one moment stand in the order of `tracks`, then of levels. Units of 25 Hz,
    pitch of 12.5 Hz and style of 1 Hz take 38.5 positions a second.

    Tracks may be deduplicated: then a token stands where its run begins, and how long runs last is
    not in the sequence. Give it back as `durations`, predicted ones if a model wrote the sequence.
    """

    tracks: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "tracks", tuple(self.tracks))
        if len(self.tracks) < 1 or len(set(self.tracks)) < len(self.tracks):
            raise TokenError(f"tracks must be different names, got {', '.join(self.tracks)}")

    def steps(self, parts: Mapping[str, AudioTokens]) -> int:
        """Return the steps of these tracks: as many as they have tokens."""
        return sum(codes.shape[1] for tokens in parts.values() for codes in tokens.stacks)

    def arrange(self, parts: Mapping[str, Part]) -> Joint:
        check_names(parts, self.tracks)
        tracks = {name: audio_of(name, parts[name]) for name in self.tracks}
        rate = lcm(*(tokens.spec.rate for tokens in tracks.values()))
        kinds: list[str] = []
        kind, token, time = [], [], []
        for name, tokens in tracks.items():
            for k, codes in enumerate(tokens.stacks):
                kind.append(np.full(codes.shape[1], len(kinds) + k, np.int32))
                token.append(codes[0].astype(np.int64))
                time.append(_starts(tokens, k) * (rate // tokens.spec.rate))
            kinds += level_names(name, tokens.levels)
        joined = [np.concatenate(each) for each in (kind, token, time)]
        order = np.lexsort((joined[0], joined[2]))
        return Joint(tuple(kinds), joined[0][None, order], joined[1][None, order])

    def restore(
        self,
        joint: Joint,
        specs: Mapping[str, TokenSpec],
        *,
        sources: Mapping[str, Source] | None = None,
        durations: Mapping[str, Any] | None = None,
    ) -> dict[str, AudioTokens]:
        """Return the tracks; `durations` of those that were deduplicated.

        TokenError where the order is not that of time, and for a deduplicated track without
        durations, which would be read as one of a fixed rate.
        """
        check_names(specs, self.tracks)
        found = {
            name: AudioTokens(
                specs[name],
                [joint.of(joint.kinds[kind])[None] for kind in joint.levels(name)],
                durations=(durations or {}).get(name),
                source=(sources or {}).get(name),
            )
            for name in self.tracks
        }
        check_equal(joint, self.arrange(found), "the order of time")
        return found

    def recover(self, joint: Joint, specs: Mapping[str, TokenSpec]) -> Parts:
        """Return the whole frames of each track; what a track lacks is not taken from the others.

        Tracks of one level show no loss: nothing but their time tells it.
        """
        check_names(specs, self.tracks)
        parts, lost, dropped = {}, {}, 0
        for name in self.tracks:
            levels = joint.levels(name)
            at = np.isin(joint.kind[0], levels)
            codes, labels = joint.token[0, at], joint.kind[0, at] - levels[0]
            found = whole_frames(FLATTEN, specs[name], len(levels), codes, labels)
            parts[name], lost[name] = found.tokens, found.lost
            dropped += found.dropped
        return Parts(parts, lost, dropped)

    def targets(self, joint: Joint) -> Joint:
        """Return everything: all of it is predicted."""
        return joint

    def legal(self, joint: Joint, specs: Mapping[str, TokenSpec]) -> Legal:
        """Say what may stand next, after what is there: for tracks of a fixed rate.

        That is the token whose time is the earliest. The end may stand where all tracks are as far.
        """
        rate = lcm(*(spec.rate for spec in specs.values()))
        due: list[tuple[int, int]] = []
        for name in self.tracks:
            spec = specs[name]
            for level, kind in zip(spec.levels, joint.levels(name), strict=False):
                frame = int((joint.kind == kind).sum()) * level.stride
                due.append((spec.span(frame).start * (rate // spec.rate), kind))
        time, kind = min(due)
        found = Legal(np.zeros((1, 1, len(joint.kinds)), bool), np.zeros((1, 1), bool))
        found.kinds[0, 0, kind] = True
        found.end[:] = all(when == time for when, _ in due)
        return found


def _starts(tokens: AudioTokens, level: int) -> Int64[np.ndarray, " tokens"]:
    """Return the sample of the codec's rate at which each token of a level begins."""
    if tokens.spec.segment is not None:
        raise TokenError(f"{tokens.spec.name} codes segments, which overlap in time")
    if tokens.durations is not None:
        frames = np.cumsum(tokens.durations) - tokens.durations
    else:
        stride = tokens.spec.levels[level].stride
        frames = stride * np.arange(tokens.stacks[level].shape[1])
    return np.asarray(frames * tokens.spec.frame, np.int64)
