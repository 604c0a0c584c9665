"""What the tables of families share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
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


def places_of(spec: Mapping[str, Any], first: int, last: int) -> list[Any]:
    """Return the places of the codes of these levels. RecipeError where nothing here makes them."""
    space = str(spec["space"])
    try:
        return _places(space, last)[first:]
    except ModelError as error:
        raise RecipeError(f"places = true needs what encodes to {space}: {error}") from error


@cache
def _places(space: str, levels: int) -> list[Any]:
    from vocable.codecs.code_places import code_places
    from vocable.load import load_tokenizer

    tokenizer = load_tokenizer(space.partition(":")[0])
    if tokenizer.spec.space != space:
        raise ModelError(f"it is another one here, {tokenizer.spec.space}")
    return code_places(tokenizer, levels)


def widths_of(places: Sequence[Any]) -> tuple[int, ...]:
    """Return how many axes the places of each level have."""
    return tuple(each.shape[1] for each in places)


def places_config(spec: Mapping[str, Any], levels: int) -> Any:
    """Return the config of the places of the first levels."""
    from vocable.language.places import PlacesConfig

    return PlacesConfig(widths_of(places_of(spec, 0, levels)))


def placed(network: Any) -> Any:
    """Return a model of frames that was told where codes lie, if its config says so."""
    if network.config.places is not None:
        network.place(places_of(network.config.spec, 0, network.config.levels))
    return network
