"""Describe the tracks of a file, and encode them in its header.

The header is a list of tracks in canonical JSON. What has its usual value is left out, so that
equal tracks give equal bytes; reading encodes the result again and compares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ...errors import FormatError, TokenError
from ..coder.tables import TableSet, shipped, shipped_for
from ..spec import TokenSpec
from ..spec_json import canonical_json
from ..spec_parts import MAX_CHANNELS, Source, check_count
from ..values import AudioTokens
from .limits import MAX_TRACKS

_SMALL = 4096  # bytes of a header that is kept: recordings that one codec encoded have the same
_NAME = re.compile(r"[\w.+-]{0,64}", re.ASCII)
# A track in the header is a list: these keys of its spec without their names, and after them an
# object with all other keys that do not have their usual value.
_UNNAMED = ("space", "rate", "frame", "levels")
# Keys of the track; "kept" is its `levels`, since the spec has a key of that name.
_TRACK_KEYS = {
    "name": "", "kept": 0, "streams": 0, "source_rate": 0, "source_channels": 0, "durations": 0,
}  # fmt: skip


@dataclass(frozen=True)
class Track:
    """What one track of a token file holds: known before its first token.

    spec        what the tokens are
    levels      how many levels the track has, one of the spec's prefixes (0: all)
    streams     one per channel for a mono codec (0: as many as the channels need)
    rate        Hz of the recording (0: the spec's)
    channels    channels of the recording (0: as many as the streams hold)
    durations   whether each token has a duration
    """

    spec: TokenSpec
    levels: int = 0
    streams: int = 0
    rate: int = 0
    channels: int = 0
    durations: bool = False

    def __post_init__(self) -> None:
        if self.spec.latent is not None:
            raise TokenError(
                f"{self.spec.name} makes floats, which a .vcb does not hold; save them as "
                ".safetensors or .npz"
            )
        put = object.__setattr__
        put(self, "levels", self.spec.check_levels(self.levels or None))
        put(self, "streams", self.streams or -(-(self.channels or 1) // self.spec.channels))
        put(self, "rate", self.rate or self.spec.rate)
        put(self, "channels", self.channels or self.streams * self.spec.channels)
        check_count("streams", self.streams, 1, MAX_CHANNELS)
        check_count("channels", self.channels, 1, MAX_CHANNELS)
        check_count("rate", self.rate)
        if not isinstance(self.durations, bool):
            raise TokenError(f"durations must be true or false, got {self.durations!r}")
        if self.streams != -(-self.channels // self.spec.channels):
            raise TokenError(f"{self.channels} channels are not {self.streams} streams")

    @classmethod
    def of(cls, tokens: AudioTokens) -> Track:
        """Return the track that these tokens need."""
        source = tokens.source
        return cls(
            tokens.spec,
            tokens.levels,
            tokens.streams,
            source.rate if source else 0,
            source.channels if source else 0,
            tokens.durations is not None,
        )

    @property
    def sizes(self) -> tuple[int, ...]:
        """Codebook sizes of the track's levels."""
        return tuple(level.size for level in self.spec.levels[: self.levels])

    @property
    def unit(self) -> int:
        """Frames that a chunk may not divide: a step of the levels, or a segment."""
        return self.spec.step if self.spec.segment is None else self.spec.segment_frames

    @property
    def shipped_tables(self) -> TableSet | None:
        """The tables that come with vocable for these levels, or None."""
        found = shipped_for(self.spec.space, tuple(level.size for level in self.spec.levels))
        return None if found is None else found.first(self.levels)

    def tables_named(self, name: bytes) -> TableSet:
        """Return the tables that come with vocable under a name; MissingTables if none do."""
        return shipped(name, tuple(level.size for level in self.spec.levels)).first(self.levels)

    def matches(self, samples: int, frames: int) -> bool:
        """Say whether this many samples of the source give the tokens of this many frames.

        Without the spec's finest level, a track counts frames up to the end of its last token.
        """
        resampled = self.spec.samples(self.source(samples))
        if self.durations:
            return self.spec.frames(resampled) == frames
        # `covered` looks at every segment; a hostile number of samples could claim too many.
        bounded = self.spec.frames(resampled) <= frames
        return bounded and self.spec.covered(resampled, self.levels) == frames

    def summary(self, frames: int, source: Source | None) -> str:
        """Return in one line what a file holds of this track."""
        seconds = float(source.seconds if source else self.spec.seconds(frames))
        total = "" if self.levels == len(self.spec.levels) else f" of {len(self.spec.levels)}"
        return (
            f"{self.spec.name}, {self.streams} × {self.levels}{total} × {frames} frames, "
            f"{seconds:.2f} s"
        )

    def source(self, samples: int) -> Source:
        """Return the source with this many samples per channel."""
        return Source(samples, self.rate, self.channels)


@dataclass(frozen=True)
class Header:
    """The tracks of a file by name, in order; a file of one track may leave its name empty."""

    tracks: Mapping[str, Track] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= len(self.tracks) <= MAX_TRACKS:
            raise TokenError(f"a file holds 1 to {MAX_TRACKS} tracks, got {len(self.tracks)}")
        for name in self.tracks:
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise TokenError(
                    f"a track's name must be at most 64 of a-z, A-Z, 0-9, _ . + -, got {name!r}"
                )

    def to_bytes(self) -> bytes:
        """Return the canonical JSON."""
        return canonical_json([_encode(name, track) for name, track in self.tracks.items()])

    @classmethod
    def from_bytes(cls, data: bytes) -> Header:
        """Read the JSON; FormatError unless it is exactly what `to_bytes` gives."""
        return _kept(data) if len(data) <= _SMALL else _read(data)


@lru_cache(maxsize=64)
def _kept(data: bytes) -> Header:
    return _read(data)


def _read(data: bytes) -> Header:
    try:
        entries = json.loads(data)
        if not isinstance(entries, list) or len(entries) > MAX_TRACKS:
            raise TokenError(f"the header must be a list of at most {MAX_TRACKS} tracks")
        header = Header(dict(_decode(entry) for entry in entries))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FormatError(f"the header cannot be read: {str(error)[:200]}") from error
    if header.to_bytes() != data:
        raise FormatError(
            "the header is not in canonical form: sorted keys, no spaces, usual values left out"
        )
    return header


def _encode(name: str, track: Track) -> list[Any]:
    spec = track.spec.to_dict()
    unnamed = [spec.pop(key) for key in _UNNAMED]
    usual = Track(track.spec, streams=track.streams)
    values = {
        "name": (name, ""),
        "kept": (track.levels, usual.levels),
        "streams": (track.streams, 1),
        "source_rate": (track.rate, usual.rate),
        "source_channels": (track.channels, usual.channels),
        "durations": (int(track.durations), 0),
    }
    named = spec | {key: value for key, (value, default) in values.items() if value != default}
    return [*unnamed, named] if named else unnamed


def _decode(entry: Any) -> tuple[str, Track]:
    if not isinstance(entry, list) or not 0 <= len(entry) - len(_UNNAMED) <= 1:
        raise TokenError(
            f"a track must be a list of {', '.join(_UNNAMED)}, and an object if there is more"
        )
    named = entry[len(_UNNAMED)] if len(entry) > len(_UNNAMED) else {}
    table = {**named, **dict(zip(_UNNAMED, entry, strict=False))}
    own = {key: table.pop(key, default) for key, default in _TRACK_KEYS.items()}
    name, durations = own.pop("name"), own.pop("durations")
    for key, value in own.items():
        check_count(f"a track's {key}", value, 0)
    track = Track(
        TokenSpec.from_dict(table),
        levels=own["kept"],
        streams=own["streams"],
        rate=own["source_rate"],
        channels=own["source_channels"],
        durations=bool(durations),
    )
    return name, track
