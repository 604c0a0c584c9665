"""Hold audio tokens: integers, or the floats of a latent, that know what they mean.

`AudioTokens` is a value: it cannot be changed, it compares by content, and it pickles. What comes
from a slice, a join or a generator has no source, and decodes to whole frames.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32, Int32, Int64

from ..errors import TokenError
from . import formats, joining, raster, runs, slicing
from .checks import check_durations, check_sides, check_stacks, count_frames
from .spec import TokenSpec
from .spec_parts import Source

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, init=False, eq=False, repr=False)
class AudioTokens:
    """Tokens of one recording: one stack of codes per level, finest frames in time.

    spec        what the codes are
    stacks      one array `[streams, frames_l]` per level, int32 and read-only; the first n of the
                spec's levels, where n is one of its prefixes; of a latent one array
                `[streams, frames, dim]`, float32
    sides       the spec's sides by name: `[streams, *shape]` per item, or
                `[streams, segments, *shape]` per segment
    durations   `[tokens]` base frames that each token lasts, for deduplicated tokens of one stream
    source      what was encoded, if all of it is here; decoding then gives exactly its samples

    Stacks may be given in any integer type, as arrays or tensors. Raises TokenError if anything
    does not fit the spec.
    """

    spec: TokenSpec
    stacks: tuple[Int32[np.ndarray, "streams _"] | Float32[np.ndarray, "streams _ dim"], ...]
    sides: Mapping[str, np.ndarray]
    durations: Int64[np.ndarray, " tokens"] | None
    source: Source | None
    _frames: int = field(init=False)

    def __init__(
        self,
        spec: TokenSpec,
        stacks: Sequence[Any],
        sides: Mapping[str, Any] | None = None,
        durations: Any = None,
        source: Source | None = None,
    ) -> None:
        checked = check_stacks(spec, stacks)
        lasting = check_durations(spec, checked, durations)
        frames = count_frames(spec, checked, lasting, source)
        segments = len(spec.split(frames, None if source is None else spec.samples(source)))
        named = check_sides(spec, sides or {}, checked[0].shape[0], segments)
        put = object.__setattr__  # the class is frozen
        put(self, "spec", spec)
        put(self, "stacks", checked)
        put(self, "sides", MappingProxyType(named))
        put(self, "durations", lasting)
        put(self, "source", source)
        put(self, "_frames", frames)

    @property
    def streams(self) -> int:
        """Streams: one per channel for a mono codec."""
        return int(self.stacks[0].shape[0])

    @property
    def frames(self) -> int:
        """Finest frames in time, what `len()` and slices count; with durations, their sum."""
        return self._frames

    @property
    def levels(self) -> int:
        """How many levels these tokens have: all of the spec's, or a prefix."""
        return len(self.stacks)

    @property
    def segments(self) -> tuple[int, ...]:
        """Frames in each segment; one number for a codec without segments."""
        samples = None if self.source is None else self.spec.samples(self.source)
        return self.spec.split(self.frames, samples)

    @property
    def seconds(self) -> Fraction:
        """Length in seconds: the source's where it is known, else that of the frames."""
        return self.source.seconds if self.source else self.spec.seconds(self.frames)

    @property
    def bitrate(self) -> Fraction:
        """Nominal bit/s of all streams: log2 of the sizes, averaged over the durations."""
        nominal = self.spec.bitrate(self.levels) * self.streams
        if self.durations is None or not self.frames:
            return nominal
        return nominal * len(self.durations) / self.frames

    @property
    def codes(self) -> Int32[np.ndarray, "streams levels frames"]:
        """All codes in one array; an error where levels have different rates, or are floats."""
        if self.spec.latent is not None:
            raise TokenError(
                f"tokens of {self.spec.name} are {self.spec.latent.dim} floats a frame, not "
                "integers; use tokens.latents"
            )
        strides = [level.stride for level in self.spec.levels[: self.levels]]
        if len(set(strides)) > 1:
            shown = ", ".join(map(str, strides))
            raise TokenError(
                f"levels have strides {shown}, so their codes do not fit into one array; "
                "use tokens.stacks"
            )
        codes = np.stack(self.stacks, axis=1)
        codes.flags.writeable = False
        return codes

    @property
    def latents(self) -> Float32[np.ndarray, "streams frames dim"]:
        """The floats of every frame; TokenError for tokens that are codes."""
        if self.spec.latent is None:
            raise TokenError(f"tokens of {self.spec.name} are integers; use tokens.codes")
        return self.stacks[0]

    def first(self, levels: int) -> AudioTokens:
        """Keep the first `levels` levels, which must be one of `spec.prefixes`."""
        count = self.spec.check_levels(levels)
        if count > self.levels:
            raise TokenError(f"levels must be at most the {self.levels} that are here, got {count}")
        return AudioTokens(self.spec, self.stacks[:count], self.sides, self.durations, self.source)

    def dedup(self) -> AudioTokens:
        """Write equal neighbours as one token with a duration; `expand` gives these tokens back.

        TokenError for tokens of several streams, with strides or with segments.
        """
        stacks, durations = runs.merge(self)
        return AudioTokens(self.spec, stacks, self.sides, durations, self.source)

    def expand(self) -> AudioTokens:
        """Write a token in every frame, as often as its duration says."""
        return AudioTokens(self.spec, runs.repeat(self), self.sides, None, self.source)

    def __getitem__(self, key: slice) -> AudioTokens:
        """Cut out frames; the cut must fall between tokens of every level, and between segments."""
        return AudioTokens(self.spec, *slicing.cut(self, key))

    def __add__(self, other: AudioTokens) -> AudioTokens:
        """Join in time; both must be of one space, with equal levels, streams and item sides.

        The rate that the codec writes is that of the first, where it differs.
        """
        return joined((self, other)) if isinstance(other, AudioTokens) else NotImplemented

    def __len__(self) -> int:
        return self.frames

    def __eq__(self, other: object) -> bool:
        return _equal(self, other) if isinstance(other, AudioTokens) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # comparing arrays is cheap enough, hashing them is not

    def __reduce__(self) -> tuple[type[AudioTokens], tuple[Any, ...]]:
        return AudioTokens, (self.spec, self.stacks, dict(self.sides), self.durations, self.source)

    def __repr__(self) -> str:
        total = "" if self.levels == len(self.spec.levels) else f" of {len(self.spec.levels)}"
        latent = self.spec.latent
        what = f"{self.levels}{total}" if latent is None else f"{latent.dim} floats"
        rate = f", {float(self.bitrate):.0f} bit/s" if latent is None else ""
        return (
            f"<AudioTokens {self.spec.name}: {self.streams} × {what} × "
            f"{self.frames} frames, {float(self.seconds):.2f} s{rate}>"
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("tokens become an array by copying; leave copy out")
        return np.array(self.codes, dtype=dtype)

    def __dlpack__(self, **kind: Any) -> Any:
        return np.array(self.codes).__dlpack__(**kind)

    def __dlpack_device__(self) -> Any:
        return np.empty(0).__dlpack_device__()

    def to_torch(self) -> torch.Tensor | tuple[torch.Tensor, ...]:
        """Return int64 codes `[streams, levels, frames]`; one tensor per level if rates differ.

        Of a latent: float32 `[streams, frames, dim]`.
        """
        import torch

        if self.spec.latent is not None:
            return torch.from_numpy(np.array(self.latents))
        if self.spec.uniform:
            return torch.from_numpy(self.codes.astype(np.int64))
        return tuple(torch.from_numpy(stack.astype(np.int64)) for stack in self.stacks)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a token file, or arrays for trainers if the name ends in .npy, .npz, .safetensors.

        `read_tokens` reads all of these. The file appears whole or not at all. Raises
        FileExistsError if something is there and `overwrite` is not set, and TokenError for another
        ending than these and .vcb (or none), and if the format cannot hold these tokens.
        """
        formats.save(path, self, overwrite=overwrite)

    def _repr_html_(self) -> str:
        return raster.picture(self)


def joined(parts: Sequence[AudioTokens]) -> AudioTokens:
    """Join any number of tokens in time, as `+` does for two."""
    arrays = joining.join(parts)
    return AudioTokens(parts[0].spec, *arrays)


def _equal(a: AudioTokens, b: AudioTokens) -> bool:
    """Compare by content; numbers of sides by their bits, so that NaN equals itself."""
    if (a.spec, a.source, a.levels) != (b.spec, b.source, b.levels):
        return False
    if (a.durations is None) != (b.durations is None):
        return False
    pairs = [*zip(a.stacks, b.stacks, strict=True)]
    pairs += [(a.sides[name], b.sides[name]) for name in a.sides]
    if a.durations is not None and b.durations is not None:
        pairs.append((a.durations, b.durations))
    return all(x.shape == y.shape and x.tobytes() == y.tobytes() for x, y in pairs)
