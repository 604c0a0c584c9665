"""What streams remember between blocks: plain values, to be kept, stacked and selected from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vocable.codecs.codes import Codes
from vocable.codecs.segments import Overlap
from vocable.errors import ModelError
from vocable.nn.block import State, select, stack_states


@dataclass(frozen=True)
class Encoding:
    """Streams on their way to codes."""

    encoder: State
    samples: Tensor  # [batch, channels, samples]: what does not fill a step (or segment) yet
    latents: Tensor  # [batch, frames, dim]: what does not fill a token of every level yet
    levels: int | None  # how many levels every stream gets; None: all
    begun: int = 0  # samples that the encoder has of the frames which it sees together

    def __post_init__(self) -> None:
        _check_some(self.batch)

    @property
    def batch(self) -> int:
        """How many streams there are."""
        return self.samples.shape[0]

    def select(self, rows: Sequence[int]) -> Encoding:
        """Return these streams, in this order; the others leave the batch."""
        index = list(rows)
        return Encoding(
            select(self.encoder, rows),
            self.samples[index],
            self.latents[index],
            self.levels,
            self.begun,
        )

    @staticmethod
    def stack(states: Sequence[Encoding]) -> Encoding:
        """Join streams into one batch, in order.

        All must have the same number of levels and of samples in a frame that has begun, and have
        passed a start-up, if the codec has one; else a ModelError names the stream that differs.
        """
        _check_some(len(states))
        first = states[0]
        for row, state in enumerate(states):
            if state._point != first._point:
                raise ModelError(
                    f"stream {row} holds {state._point}; stream 0 {first._point}; "
                    "run it alone until both have had whole frames"
                )
        return Encoding(
            stack_states([state.encoder for state in states]),
            torch.cat([state.samples for state in states]),
            stack_states([state.latents for state in states]),
            first.levels,
            first.begun,
        )

    @property
    def _point(self) -> str:
        return f"{self.begun + self.samples.shape[2]} samples, levels={self.levels}"


@dataclass(frozen=True)
class Decoding:
    """Streams on their way to audio."""

    decoder: State
    batch: int  # how many streams there are
    codes: Codes = field(default_factory=lambda: Codes(()))  # what does not fill a step yet
    overlap: Overlap | None = None  # of codecs with segments
    sides: Mapping[str, Tensor] = field(default_factory=dict)  # of whole items
    frames: int = 0  # that the decoder has of those which it sees together
    last: Codes = field(default_factory=lambda: Codes(()))  # the last token of each level of these

    def __post_init__(self) -> None:
        _check_some(self.batch)

    def select(self, rows: Sequence[int]) -> Decoding:
        """Return these streams, in this order; the others leave the batch."""
        index = list(rows)
        overlap = self.overlap and Overlap(
            self.overlap.total[index], self.overlap.weight, self.overlap.base
        )
        return Decoding(
            select(self.decoder, rows),
            len(index),
            Codes(level[index] for level in self.codes),
            overlap,
            {name: side[index] for name, side in self.sides.items()},
            self.frames,
            Codes(level[index] for level in self.last),
        )

    @staticmethod
    def stack(states: Sequence[Decoding]) -> Decoding:
        """Join streams into one batch, in order.

        All must be in one phase: with as many codes in a step that has begun, after the same number
        of segments (none, or some), and past a start-up, or none of them.
        """
        _check_some(len(states))
        first = states[0]
        for row, state in enumerate(states):
            if state._point != first._point:
                raise ModelError(
                    f"stream {row} is at another point of a step of its levels than stream 0; run "
                    "it alone until both have had whole steps"
                )
        return Decoding(
            stack_states([state.decoder for state in states]),
            sum(state.batch for state in states),
            Codes(stack_states([tuple(state.codes) for state in states])),
            first.overlap and _stack_overlaps([state.overlap for state in states]),
            {name: torch.cat([s.sides[name] for s in states]) for name in first.sides},
            first.frames,
            Codes(stack_states([tuple(state.last) for state in states])),
        )

    @property
    def _point(self) -> tuple[int, ...]:
        return self.frames, *(x.shape[1] for x in self.codes)


def _stack_overlaps(overlaps: Sequence[Overlap | None]) -> Overlap:
    first = overlaps[0]
    assert first is not None
    totals = []
    for row, overlap in enumerate(overlaps):
        if overlap is None or overlap.total.shape[2] != first.total.shape[2]:
            raise ModelError(f"stream {row} is at another point of a segment; run it alone")
        totals.append(overlap.total)
    return Overlap(torch.cat(totals), first.weight, first.base)


def _check_some(batch: int) -> None:
    if not batch:
        raise ModelError("a state has at least 1 stream; when the last one leaves, drop the state")
