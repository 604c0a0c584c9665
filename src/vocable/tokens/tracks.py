"""Several kinds of tokens of one recording, by name: what is said beside how it sounds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from ..errors import TokenError
from .file.read_write import write_tokens
from .file.token_file import TokenFile
from .spec_parts import Source
from .values import AudioTokens


class Tracks(Mapping[str, AudioTokens]):
    """Tokens of one recording by name: `tracks["semantic"]`, `tracks["acoustic"]`.

    All know the same source, so that they have one clock: frame f of a track begins
    `spec.span(f).start / spec.rate` seconds after the first sample, whatever the rate of its
    frames. A file holds them all.
    """

    __slots__ = ("_tracks",)

    def __init__(self, tracks: Mapping[str, AudioTokens]) -> None:
        found = dict(tracks)
        if not found:
            raise TokenError("there is no track; give the tokens of 1 or more by name")
        sources = {name: tokens.source for name, tokens in found.items()}
        first = next(iter(sources.values()))
        if other := [name for name, source in sources.items() if source is None or source != first]:
            raise TokenError(
                f'tracks are of one recording, but "{other[0]}" is of {sources[other[0]]} and '
                f'"{next(iter(sources))}" of {first}'
            )
        self._tracks = MappingProxyType(found)

    def __getitem__(self, name: str) -> AudioTokens:
        if name not in self._tracks:
            names = ", ".join(map(repr, self._tracks))
            raise KeyError(f"no track {name!r}; there are {names}")
        return self._tracks[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tracks)

    def __len__(self) -> int:
        return len(self._tracks)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tracks):
            return NotImplemented
        return dict(self._tracks) == dict(other._tracks)

    __hash__ = None  # type: ignore[assignment]  # as that of tokens

    def __reduce__(self) -> tuple[type[Tracks], tuple[dict[str, AudioTokens]]]:
        return Tracks, (dict(self._tracks),)

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}: {tokens!r}" for name, tokens in self._tracks.items())
        return f"<Tracks {inside}>"

    @property
    def source(self) -> Source:
        """What was encoded."""
        source = next(iter(self._tracks.values())).source
        assert source is not None
        return source

    def side_by_side(self) -> AudioTokens:
        """Return the tracks as streams of one value, in their order, as `Speakers` lays them out.

        TokenError for tracks of several spaces, numbers of levels or lengths, or with durations.
        """
        every = list(self._tracks.values())
        kinds = {(each.spec, each.levels, each.frames, each.durations is None) for each in every}
        if len(kinds) > 1 or every[0].durations is not None:
            names = ", ".join(map(repr, self))
            raise TokenError(
                f"the tracks {names} are not of one space, number of levels and frames, without "
                "durations; take the tracks of speakers"
            )
        first = every[0]
        stacks = [np.concatenate(level) for level in zip(*(t.stacks for t in every), strict=True)]
        sides = {name: np.concatenate([t.sides[name] for t in every]) for name in first.sides}
        streams = sum(each.streams for each in every)
        source = replace(self.source, channels=streams * first.spec.channels)
        return AudioTokens(first.spec, stacks, sides, source=source)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write one token file of all tracks; it appears whole or not at all.

        Raises FileExistsError if something is there and `overwrite` is not set.
        """
        write_tokens(path, self, overwrite=overwrite)


def read_tracks(path: str | os.PathLike[str] | bytes) -> Tracks:
    """Read all tracks of a token file of one recording, every byte checked."""
    with TokenFile(path) as file:
        return Tracks({name: file.read(name) for name in file.tracks})
