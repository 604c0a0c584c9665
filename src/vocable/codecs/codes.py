"""The codes of audio as tensors: a tuple of one `[batch, tokens]` a level, and what goes with them.

Levels may have strides, so no single array holds all codes. Sides (a scale, a timbre) travel along.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from vocable.errors import TokenError
from vocable.tokens import TokenSpec


class Codes(tuple[Tensor, ...]):
    """Codes of each level, `[batch, tokens]` of integers, in order.

    Of a tokenizer of floats one "level", `[batch, frames, dim]`.

    sides: what the model states beside the codes, by name: `[batch, *shape]` for a whole item,
    `[batch, segments, *shape]` for segments. Empty for most models.
    segments: frames of each segment, for models that have them.
    """

    sides: Mapping[str, Tensor]
    segments: tuple[int, ...]

    def __new__(
        cls,
        levels: Iterable[Tensor],
        sides: Mapping[str, Tensor] | None = None,
        segments: Iterable[int] = (),
    ) -> Codes:
        made = super().__new__(cls, levels)
        made.sides, made.segments = dict(sides or {}), tuple(segments)
        return made

    @property
    def batch(self) -> int:
        """How many items there are."""
        return self[0].shape[0]

    def stacked(self) -> Tensor:
        """Return all codes as one `[batch, levels, frames]`; TokenError where rates differ."""
        counts = {level.shape[1] for level in self}
        if len(counts) > 1:
            raise TokenError(
                f"levels hold {', '.join(map(str, sorted(counts)))} tokens, so their codes are not "
                "a single tensor; take them level by level"
            )
        return torch.stack(tuple(self), dim=1)

    def rows(self, which: slice) -> Codes:
        """Return some items of the batch."""
        sides = {name: side[which] for name, side in self.sides.items()}
        return Codes((level[which] for level in self), sides, self.segments)

    def cpu(self) -> Codes:
        """Return the codes in main memory."""
        sides = {name: side.cpu() for name, side in self.sides.items()}
        return Codes((level.cpu() for level in self), sides, self.segments)


CodesLike: TypeAlias = Tensor | Sequence[Tensor]
"""What decoding takes: `Codes`, any sequence of levels, or `[batch, levels, frames]`."""


def as_codes(codes: CodesLike) -> Codes:
    """Return codes of any of their forms as `Codes`."""
    if isinstance(codes, Codes):
        return codes
    if isinstance(codes, Tensor):
        if codes.dim() != 3:
            raise TokenError(f"codes are {list(codes.shape)}; wanted [batch, levels, frames]")
        return Codes(codes.unbind(1))
    found = Codes(codes)
    if not all(isinstance(level, Tensor) for level in found):
        raise TokenError("codes are not tensors; give one tensor [batch, tokens] a level")
    return found


def join_codes(spec: TokenSpec, parts: Sequence[Codes]) -> Codes:
    """Join codes in time. Sides per segment follow one another; those per item are the first's."""
    first = parts[0]
    if len(parts) == 1:
        return first
    levels = [torch.cat([part[k] for part in parts], 1) for k in range(len(first))]
    sides = dict(first.sides)
    for side in spec.segment_sides:
        sides[side.name] = torch.cat([part.sides[side.name] for part in parts], 1)
    return Codes(levels, sides, [frames for part in parts for frames in part.segments])


def split_segments(spec: TokenSpec, codes: Codes) -> list[Codes]:
    """Cut codes at their segments; in one piece for specs without segments.

    Codes that do not state their segments are taken as whole ones, the last maybe short.
    """
    if spec.segment is None:
        return [codes]
    strides = [level.stride for level in spec.levels[: len(codes)]]
    starts, pieces = [0] * len(codes), []
    for number, frames in enumerate(codes.segments or _whole_segments(spec, codes)):
        ends = [at + -(-frames // stride) for at, stride in zip(starts, strides, strict=True)]
        levels = [x[:, a:b] for x, a, b in zip(codes, starts, ends, strict=True)]
        sides = dict(codes.sides)
        for side in spec.segment_sides:
            given = codes.sides[side.name]
            if given.shape[1] <= number:
                raise TokenError(
                    f"side {side.name} is of {given.shape[1]} segments, the codes of more"
                )
            sides[side.name] = given[:, number : number + 1]
        pieces.append(Codes(levels, sides, (frames,)))
        starts = ends
    if starts != [x.shape[1] for x in codes]:
        raise TokenError(
            f"levels hold {[x.shape[1] for x in codes]} tokens, which are not those of whole "
            f"segments of {spec.segment_frames} frames, the last maybe shorter"
        )
    return pieces


def _whole_segments(spec: TokenSpec, codes: Codes) -> list[int]:
    finest = min(range(len(codes)), key=lambda k: spec.levels[k].stride)
    frames = codes[finest].shape[1] * spec.levels[finest].stride
    return list(spec.split(frames))


def frames_in(spec: TokenSpec, codes: Codes) -> int:
    """Return the finest frames that codes stand for, without segments.

    A level of stride s has `ceil(frames / s)` tokens; TokenError where no number of frames fits.
    """
    counts = [level.shape[1] for level in codes]
    strides = [level.stride for level in spec.levels[: len(counts)]]
    frames = min(count * stride for count, stride in zip(counts, strides, strict=True))
    if counts != [-(-frames // stride) for stride in strides]:
        raise TokenError(
            f"levels of strides {strides} hold {counts} tokens, which are not the tokens of any "
            "number of frames"
        )
    return frames


def cut_codes(spec: TokenSpec, codes: Codes, start: int, stop: int) -> Codes:
    """Return the tokens that begin in frames `start` to `stop`, sides as they are."""
    levels = []
    for level, x in zip(spec.levels, codes, strict=False):
        levels.append(x[:, -(-start // level.stride) : -(-stop // level.stride)])
    return Codes(levels, codes.sides)


def fill_step(spec: TokenSpec, codes: Codes, frames: int, step: int) -> Codes:
    """Repeat the last token of each level until all end at one multiple of `step` frames.

    step: a multiple of `spec.step`.
    """
    return prolong(spec, codes, codes, frames - frames % -step) if frames % step else codes


def prolong(spec: TokenSpec, codes: Codes, last: Codes, frames: int) -> Codes:
    """Repeat the last token of each level of `last` behind `codes` until all end at `frames`.

    codes: may be empty. frames: a multiple of `spec.step`.
    """
    begun = codes or [x[:, :0] for x in last]
    levels = []
    for level, x, before in zip(spec.levels, begun, last, strict=False):
        more = frames // level.stride - x.shape[1]
        levels.append(torch.cat([x, before[:, -1:].expand(-1, more, *x.shape[2:])], 1))
    return Codes(levels, codes.sides)
