"""Say what a spec holds, in rows of (label, text): for `vocable info` and for notebooks."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol, runtime_checkable

from ..notebook import card
from .spec_parts import AnyLevel, Latent, Segment, Side


@runtime_checkable
class SpecLike(Protocol):
    """What `TokenSpec` knows of itself; see there."""

    @property
    def space(self) -> str: ...

    @property
    def rate(self) -> int: ...

    @property
    def writes(self) -> int: ...

    @property
    def frame(self) -> int: ...

    @property
    def frame_rate(self) -> Fraction: ...

    @property
    def channels(self) -> int: ...

    @property
    def levels(self) -> tuple[AnyLevel, ...]: ...

    @property
    def latent(self) -> Latent | None: ...

    @property
    def prefixes(self) -> tuple[int, ...]: ...

    @property
    def sides(self) -> tuple[Side, ...]: ...

    @property
    def segment(self) -> Segment | None: ...

    @property
    def window(self) -> int | None: ...

    def bitrate(self) -> Fraction: ...


def spec_card(spec: SpecLike) -> str:
    """Return a spec as HTML, for notebooks."""
    return card("TokenSpec", spec.space.partition("@")[0], all_rows(spec))


def all_rows(spec: SpecLike) -> list[tuple[str, str]]:
    """Return all rows on a spec: its space, the audio, frames, levels, bit rate."""
    rows = [("space", spec.space), audio_row(spec), *spec_rows(spec, len(spec.levels))]
    if spec.latent is None:
        rows.append(("bit rate", f"{float(spec.bitrate()) / 1000:.2f} kbps"))
    return rows


def audio_row(spec: SpecLike) -> tuple[str, str]:
    """Return what audio a codec reads and writes."""
    channels = "1 channel" if spec.channels == 1 else f"{spec.channels} channels"
    out = "" if spec.writes == spec.rate else f", {spec.writes} Hz out"
    return "audio", f"{spec.rate} Hz{out}, {channels} a stream"


def spec_rows(spec: SpecLike, levels: int) -> list[tuple[str, str]]:
    """Return rows on frames and the first `levels` levels, in the words of docs/glossary.md."""
    kept = spec.levels[:levels]
    window = "" if spec.window is None else f", each made of {spec.window}"
    frames = f"{float(spec.frame_rate):g} frames/s, {spec.frame} samples at {spec.rate} Hz{window}"
    if spec.latent is None:
        sizes = ", ".join(dict.fromkeys(str(level.size) for level in kept))
        held = ("levels", f"{levels} of {len(spec.levels)}, codebooks of {sizes}")
    else:
        held = ("latent", f"{spec.latent.dim} floats a frame, no codes")
    rows = [("frames", frames), held]
    roles = [
        f"level {k} is {level.role}" for k, level in enumerate(kept) if level.role != "acoustic"
    ]
    rows += [("roles", ", ".join(roles))] if roles else []
    if any(level.stride > 1 for level in spec.levels):
        strides = ", ".join(str(level.stride) for level in kept)
        rows.append(("strides", f"{strides} frames a token"))
    if spec.segment is not None:
        length, hop = spec.segment.length, spec.segment.hop
        every = "" if hop == length else f", one every {float(Fraction(hop, spec.rate)):g} s"
        rows.append(("segments", f"{float(Fraction(length, spec.rate)):g} s{every}"))
    sides = [f"{side.name}, per {side.per}" for side in spec.sides]
    rows += [("sides", "; ".join(sides))] if sides else []
    if len(spec.levels) > 1:
        rows.append(("prefixes", "decodes from the first " + ", ".join(map(str, spec.prefixes))))
    return rows
