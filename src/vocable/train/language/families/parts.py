"""What the tables of families share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from vocable.errors import RecipeError
from vocable.nearest import nearest
from vocable.train.language.recipe import Track, Trunk


def transformer(trunk: Trunk, *, causal: bool = True) -> Any:
    """Return the config of a transformer; causal: whether it sees what comes before alone."""
    from vocable.language.config import TransformerConfig

    return TransformerConfig(**asdict(trunk), causal=causal)


def track_of(tracks: Mapping[str, Track], name: str, *, one_stream: bool = True) -> Track:
    """Return a track of the data. RecipeError names the nearest for one that is not there.

    one_stream: whether the family reads no more; RecipeError for a track of several then.
    """
    if name not in tracks:
        near = nearest(name, list(tracks)) if tracks else "give the data"
        raise RecipeError(f'the model reads a track "{name}", which the data lacks; {near}')
    found = tracks[name]
    if one_stream and found.streams > 1:
        raise RecipeError(
            f'track "{name}" has {found.streams} streams, which layouts of several rows model '
            "alone; mix the channels: vocable data tokens --mix"
        )
    return found


def is_told(places: bool | None, tracks: Mapping[str, Track], names: Iterable[str]) -> bool:
    """Return whether a model is told where codes lie: as the recipe says, or else as it can be."""
    return all(tracks[name].places for name in names) if places is None else places


def axes_of(tracks: Mapping[str, Track], name: str, first: int, last: int) -> tuple[int, ...]:
    """Return how many axes the places of these levels have. RecipeError where none are known."""
    if not tracks[name].places:
        raise RecipeError(
            f'model.places needs to know where codes lie, which the data does not say of "{name}"; '
            "make it of recordings, vocable data tokens, by a codec whose levels have one rate"
        )
    return tracks[name].places[first:last]


def places_config(
    places: bool | None, tracks: Mapping[str, Track], name: str, levels: int
) -> Any | None:
    """Return the config of the places of the first levels; None for a model that is told none."""
    from vocable.language.places import PlacesConfig

    told = is_told(places, tracks, [name])
    return PlacesConfig(axes_of(tracks, name, 0, levels)) if told else None
