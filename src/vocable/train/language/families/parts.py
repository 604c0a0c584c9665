"""What the tables of families share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from vocable.errors import ModelError, RecipeError
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


def places_of(spec: Mapping[str, Any], levels: int) -> list[Any]:
    """Return the places of the codes of the codec that tokens are of. RecipeError without it."""
    from vocable.codecs.code_places import code_places
    from vocable.load import load_codec

    space = str(spec["space"])
    try:
        codec = load_codec(space.partition(":")[0])
        if codec.spec.space != space:
            raise ModelError(f"it is another one here, {codec.spec.space}")
        return code_places(codec, levels)
    except ModelError as error:
        raise RecipeError(f"places = true needs the codec of {space}: {error}") from error
