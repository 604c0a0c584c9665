"""Linear maps that can be adapted, and choosing among them by their names.

A place is a map, or some of its output rows: one map of ours may be several of a published model
(queries, keys and values), each of which has an adapter of its own there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from vocable.errors import ModelError
from vocable.nearest import nearest
from vocable.nn.linear import Linear


@dataclass(frozen=True)
class Place:
    """name: in an adapter's files. module: path of the map. begin, end: its rows of the output."""

    name: str
    module: str
    begin: int
    end: int


def linear_places(
    network: nn.Module, kinds: tuple[type[nn.Module], ...] = (nn.Linear, Linear)
) -> tuple[Place, ...]:
    """Return every linear map of a network, whole and under its own path, in order."""
    return tuple(
        Place(path, path, 0, len(module.weight))  # type: ignore[arg-type]
        for path, module in network.named_modules()
        if isinstance(module, kinds)
    )


def choose(
    places: Sequence[Place], targets: Sequence[str], exclude: Sequence[str] = ()
) -> tuple[Place, ...]:
    """Return the places that targets name, but for those that `exclude` names.

    Each is a whole name, its last parts ("q_proj", "self_attn.q_proj"), or a regular expression of
    the whole name. ModelError for a target that names nothing, and if nothing is left.
    """
    for target in targets:
        if not any(_fits(place.name, target) for place in places):
            ends = {place.name.rpartition(".")[2] for place in places}
            raise ModelError(f'no layer is called "{target}"; {nearest(target, sorted(ends))}')
    chosen = [place for place in places if any(_fits(place.name, each) for each in targets)]
    kept = [place for place in chosen if not any(_fits(place.name, each) for each in exclude)]
    if not kept:
        raise ModelError(
            f"{len(chosen)} layers are chosen and all of them excluded; name targets that stay"
        )
    return tuple(kept)


def _fits(name: str, pattern: str) -> bool:
    if name == pattern or name.endswith("." + pattern):
        return True
    try:
        return re.fullmatch(pattern, name) is not None
    except re.error as error:
        raise ModelError(
            f'"{pattern}" is neither a name nor a regular expression ({error}); correct it'
        ) from error
