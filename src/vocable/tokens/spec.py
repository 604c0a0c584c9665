"""Say what a stream of tokens is, and turn samples into frames and back.

All arithmetic between samples and frames goes through here, so that codecs, files and layouts
cannot disagree. Rates are integers or Fractions; nothing is rounded unless a docstring says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

from ..errors import TokenError
from ..nearest import listed
from ..ratio import Ratio
from . import spec_json
from .spec_parts import (
    MAX_CHANNELS,
    MAX_LEVELS,
    AnyLevel,
    Latent,
    Level,
    Segment,
    Side,
    Source,
    Span,
    check_count,
)
from .spec_rows import spec_card

_ROUNDED = 1 / 80  # EnCodec's 48 kHz is called 3 kbps, and has 3.03: its segments overlap
MAX_STEP = 1 << 16  # frames: as many as a chunk of a token file holds
_SPACE = re.compile(r"[\w./+-]+@[\w./+-]+:[\w.+-]+", re.ASCII)


@dataclass(frozen=True)
class TokenSpec:
    """What a codec's tokens are.

    space       identity of the weights that give the codes meaning, `name@version:digest`
    rate        Hz that the codec reads
    frame       samples per finest frame
    channels    channels that one stream holds together (1: every channel is a stream)
    levels      one `Level` per codebook, coarsest meaning first; or one `Latent`, of floats
    prefixes    the numbers of levels that decode by themselves, ascending; the last is all levels
    out_rate    Hz that the codec writes, where that differs from `rate`
    window      samples that a frame needs, where frames are cut without padding (semantic units)
    sides       numbers beside the codes
    segment     overlapping pieces, coded one by one
    """

    space: str
    rate: int
    frame: int
    channels: int
    levels: tuple[AnyLevel, ...]
    prefixes: tuple[int, ...]
    out_rate: int | None = None
    window: int | None = None
    sides: tuple[Side, ...] = ()
    segment: Segment | None = None

    def __post_init__(self) -> None:
        for name in ("levels", "prefixes", "sides"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        _check_identity(self)
        _check_levels(self)
        _check_sides(self)
        _check_segment(self)

    @property
    def name(self) -> str:
        """The codec's name: `space` up to the `@`."""
        return self.space.partition("@")[0]

    @property
    def writes(self) -> int:
        """Hz that decoding gives: `out_rate` where set, else `rate`."""
        return self.out_rate or self.rate

    def same_codes(self, other: TokenSpec) -> bool:
        """Return whether codes of both mean the same: all is equal but the rate that is written.

        That is the decoder's own; there may be several of one space.
        """
        return self == other or self == replace(other, out_rate=self.out_rate)

    @cached_property
    def step(self) -> int:
        """Frames from one point where tokens of all levels begin to the next: the strides' lcm."""
        return lcm(*(level.stride for level in self.levels))

    @property
    def uniform(self) -> bool:
        """Whether every level has one token in every frame."""
        return self.step == 1

    @property
    def whole(self) -> bool:
        """Whether a recording has one frame, which says what all of it is like: a condition."""
        return all(level.role == "condition" for level in self.levels)

    @property
    def latent(self) -> Latent | None:
        """What the floats of a frame are, where it has no codes."""
        first = self.levels[0]
        return first if isinstance(first, Latent) else None

    @property
    def item_sides(self) -> tuple[Side, ...]:
        """The sides that a whole item has once."""
        return tuple(side for side in self.sides if side.per == "item")

    @property
    def segment_sides(self) -> tuple[Side, ...]:
        """The sides that each segment has."""
        return tuple(side for side in self.sides if side.per == "segment")

    @property
    def frame_rate(self) -> Fraction:
        """Finest frames per second of audio; where segments overlap, frames count twice."""
        if self.segment is None:
            return Ratio(self.rate, self.frame)
        return Ratio(self.rate * self.segment_frames, self.segment.hop)

    @property
    def segment_frames(self) -> int:
        """Frames in a segment of full length; an error for specs without segments."""
        if self.segment is None:
            raise TokenError(f"{self.space} has no segments")
        return -(-self.segment.length // self.frame)

    def bitrate(self, levels: int | None = None) -> Fraction:
        """Nominal bit/s of one stream with the first `levels` levels: log2 of sizes, no sides.

        TokenError for a latent, whose floats have no such rate.
        """
        chosen = self.levels[: self.check_levels(levels)]
        return self.frame_rate * sum((level.bits / level.stride for level in chosen), Ratio(0))

    def tokens_per_second(self, levels: int | None = None) -> Fraction:
        """Tokens per second in one stream with the first `levels` levels."""
        chosen = self.levels[: self.check_levels(levels)]
        return self.frame_rate * sum((Ratio(1, level.stride) for level in chosen), Ratio(0))

    def check_levels(self, levels: int | None) -> int:
        """Return how many levels `levels` means (None: all), refusing what is not a prefix."""
        if levels is None:
            return len(self.levels)
        if levels not in self.prefixes:
            allowed = ", ".join(map(str, self.prefixes))
            near = min(self.prefixes, key=lambda n: abs(n - levels))
            raise TokenError(
                f"levels must be one of {allowed} for {self.name}, got {levels}; nearest: {near}"
            )
        return levels

    def levels_at(self, kbps: float | int) -> int:
        """Return the levels that give a bit rate in kbit/s, as its authors round it (to 1.25 %).

        TokenError for a rate that no number of levels gives, with the nearest below and above.
        """
        rates = {n: float(self.bitrate(n)) / 1000 for n in self.prefixes}
        levels = min(rates, key=lambda n: abs(rates[n] - kbps))
        if abs(rates[levels] - kbps) <= _ROUNDED * kbps:
            return levels
        below = [n for n in self.prefixes if rates[n] < kbps][-1:]
        above = [n for n in self.prefixes if rates[n] > kbps][:1]
        near = (f"{rates[n]:.2f} kbps with {n} of its levels" for n in below + above)
        raise TokenError(f"{self.name} has no {kbps:g} kbps; nearest: {' and '.join(near)}")

    def samples(self, source: Source) -> int:
        """Samples of `source` at the codec's rate, rounded up so that decoding loses none."""
        return -(-source.samples * self.rate // source.rate)

    def segments(self, samples: int) -> tuple[int, ...]:
        """Frames in each segment of `samples` samples; one number for specs without segments."""
        check_count("samples", samples, 0, 1 << 60)
        if self.segment is None:
            return (self._frames_in_one_piece(samples),) if samples else ()
        length, hop = self.segment.length, self.segment.hop
        return tuple(
            -(-min(length, samples - start) // self.frame) for start in range(0, samples, hop)
        )

    def frames(self, samples: int) -> int:
        """Finest frames that `samples` samples at the codec's rate give, all segments together."""
        check_count("samples", samples, 0, 1 << 60)
        if self.segment is None:
            return self._frames_in_one_piece(samples)
        length, hop = self.segment.length, self.segment.hop
        full = max(0, (samples - length) // hop + 1)  # segments of full length
        short = range(full * hop, samples, hop)  # where the others begin
        return full * self.segment_frames + sum(-(-(samples - n) // self.frame) for n in short)

    def split(self, frames: int, samples: int | None = None) -> tuple[int, ...]:
        """Frames in each segment of `frames` frames.

        Where the samples are not known, every segment but the last is taken to have full length.
        """
        if samples is not None:
            return self.segments(samples)
        if self.segment is None:
            return (frames,) if frames else ()
        full, short = divmod(frames, self.segment_frames)
        return (self.segment_frames,) * full + ((short,) if short else ())

    def covered(self, samples: int, levels: int) -> int:
        """Frames that the first `levels` levels cover, each segment to the end of its tokens."""
        strides = [level.stride for level in self.levels[:levels]]
        return sum(min(-(-n // s) * s for s in strides) for n in self.segments(samples))

    def frames_of(self, level: int, frames: int, samples: int | None = None) -> int:
        """Tokens of level number `level` in `frames` frames: strides round up, per segment."""
        stride = self.levels[level].stride
        if self.segment is None or stride == 1:
            return -(-frames // stride)
        return sum(-(-n // stride) for n in self.split(frames, samples))

    def span(self, frame: int) -> Span:
        """The samples, at the codec's rate, that finest frame number `frame` stands for.

        With segments, frames are counted as if all segments before had full length.
        """
        check_count("frame", frame, 0, 1 << 60)
        if self.segment is None:
            start = frame * self.frame
            return Span(start, start + (self.window or self.frame))
        number, within = divmod(frame, self.segment_frames)
        start = number * self.segment.hop + within * self.frame
        end = number * self.segment.hop + self.segment.length
        return Span(start, min(start + self.frame, end))

    def seconds(self, frames: int) -> Fraction:
        """Duration of `frames` frames in seconds; segments count from first to last sample."""
        if self.segment is None or frames == 0:
            return Ratio(frames * self.frame, self.rate)
        return Ratio(self.span(frames - 1).stop, self.rate)

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as integers, strings, lists and dictionaries, ready for JSON."""
        return spec_json.encode_fields({f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> TokenSpec:
        """Return the spec that `to_dict` wrote; TokenError names keys that are unknown or missing.

        What has its usual value may be left out.
        """
        return cls(**spec_json.decode_fields(table))

    def _repr_html_(self) -> str:
        return spec_card(self)

    def _frames_in_one_piece(self, samples: int) -> int:
        if self.window is None:
            return -(-samples // self.frame)
        return 0 if samples < self.window else (samples - self.window) // self.frame + 1


def _check_identity(spec: TokenSpec) -> None:
    if not isinstance(spec.space, str) or len(spec.space) > 200 or not _SPACE.fullmatch(spec.space):
        raise TokenError(
            f'space must read name@version:digest, as in "speech-16k@2:0a1b2c", got {spec.space!r}'
        )
    check_count("rate", spec.rate)
    check_count("frame", spec.frame)
    check_count("channels", spec.channels, 1, MAX_CHANNELS)
    if spec.out_rate is not None:
        check_count("out_rate", spec.out_rate)


def _check_levels(spec: TokenSpec) -> None:
    count = len(spec.levels)
    alone = count == 1 and isinstance(spec.levels[0], Latent)
    every = all(isinstance(x, Level) for x in spec.levels)
    if not 1 <= count <= MAX_LEVELS or not (alone or every):
        raise TokenError(
            f"levels must be 1 to {MAX_LEVELS} Level values, got {count} (or 1 Latent alone)"
        )
    if alone and (spec.segment is not None or spec.window is not None):
        raise TokenError("a latent has neither a segment nor a window")
    if spec.step > MAX_STEP:
        raise TokenError(
            f"the strides of the levels must have a common multiple of at most {MAX_STEP} frames, "
            f"got {spec.step}"
        )
    prefixes = list(spec.prefixes)
    ascending = prefixes == sorted(set(prefixes))
    if not prefixes or not ascending or prefixes[0] < 1 or prefixes[-1] != count:
        raise TokenError(f"prefixes must ascend from 1 or more to {count}, got {spec.prefixes}")


def _check_sides(spec: TokenSpec) -> None:
    names = [side.name for side in spec.sides]
    if len(set(names)) != len(names) or len(names) > 16:
        raise TokenError(
            f"sides must be at most 16 with different names, got {len(names)}: {listed(names)}"
        )
    if spec.segment is None and spec.segment_sides:
        raise TokenError("a side per segment needs a segment in the spec")


def _check_segment(spec: TokenSpec) -> None:
    if spec.window is not None:
        check_count("window", spec.window)
        if spec.segment is not None:
            raise TokenError("a spec has a window or a segment, not both")
    if spec.segment is not None and spec.segment_frames > MAX_STEP:
        raise TokenError(f"a segment must be at most {MAX_STEP} frames, got {spec.segment_frames}")
    if spec.segment is not None and spec.segment_frames % spec.step:
        raise TokenError(
            f"a segment must be a multiple of {spec.step} frames, so that it holds whole tokens of "
            f"all levels, got {spec.segment_frames}"
        )
