"""The tracks of the data, and one clock for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, lcm
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from vocable.language.lessons import Text
from vocable.tokens import AudioTokens, TokenSpec
from vocable.tokens.sets import About, TokenSet
from vocable.train.language.places import read_places
from vocable.train.language.recipe import LanguageRecipe, Track


def with_tracks(recipe: LanguageRecipe, data: Path) -> LanguageRecipe:
    """Return the recipe with what the data says of its tracks."""
    found, places = TokenSet(data), read_places(data)
    tracks = {
        name: Track(
            spec=spec.to_dict(), levels=found.levels(name), streams=found.streams(name),
            places=tuple(each.shape[1] for each in places.get(name, ())),
        )
        for name, spec in found.specs.items()
    }  # fmt: skip
    return replace(recipe, tracks=tracks)


@dataclass(frozen=True)
class Stretch:
    """A part of a recording, from moment `first` up to `last` of a `Clock`."""

    item: int
    first: int
    last: int


class Clock:
    """Moments at which tokens of all levels of some tracks begin together.

    A track of conditions has no time: each stretch of a recording has all of it.
    """

    def __init__(self, tokens: TokenSet, tracks: Mapping[str, TokenSpec]) -> None:
        self._tokens = tokens
        self._whole = [name for name, spec in tracks.items() if spec.whole]
        tracks = {name: spec for name, spec in tracks.items() if not spec.whole}
        lasting = {name: spec.step / spec.frame_rate for name, spec in tracks.items()}
        self.seconds = _common(list(lasting.values()))
        self._frames = {  # of each track, between two moments
            name: int(self.seconds / lasting[name]) * spec.step for name, spec in tracks.items()
        }
        counts = [-(-tokens.frames[name] // each) for name, each in self._frames.items()]
        self.moments: Int64[np.ndarray, " items"] = np.max(counts, axis=0)

    def cut(self, stretch: Stretch) -> dict[str, AudioTokens]:
        """Return the tokens of a stretch, of each track; past the end of one there are none."""
        found = {name: self._tokens.cut(stretch.item, name) for name in self._whole}
        for name, each in self._frames.items():
            frames = int(self._tokens.frames[name][stretch.item])
            first, last = (min(frames, edge * each) for edge in (stretch.first, stretch.last))
            found[name] = self._tokens.cut(stretch.item, name, first, last)
        return found

    def about(self, item: int) -> About:
        """Return what is known of a recording."""
        return self._tokens.abouts[item]

    def text(self, stretch: Stretch) -> Text | None:
        """Return what is said in a whole recording; None in a part of one, or where nothing is."""
        about = self.about(stretch.item)
        if self.is_whole(stretch) != (True, True) or not (about.text or about.source_text):
            return None
        return Text(about.text, about.language, about.source_text)

    def is_whole(self, stretch: Stretch) -> tuple[bool, bool]:
        """Return whether a stretch begins and ends where its recording does."""
        return stretch.first == 0, stretch.last >= int(self.moments[stretch.item])


def _common(lasting: list[Fraction]) -> Fraction:
    """Return the least time that all of these divide."""
    numerators, denominators = (
        [getattr(each, part) for each in lasting] for part in ("numerator", "denominator")
    )
    return Fraction(lcm(*numerators), gcd(*denominators))
