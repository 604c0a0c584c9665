"""Find what a name means: a bundled model, a folder, a file, or a model of the hub."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from vocable import hub
from vocable.codecs.keys import own
from vocable.codecs.keys.checkpoint import holds_checkpoint, weights_in
from vocable.codecs.keys.description import Description
from vocable.codecs.published import Entry
from vocable.errors import ModelError
from vocable.load.bundled import bundled, describe_bundled, is_bundled
from vocable.load.converting import open_converted, source_hashes
from vocable.load.entries import entries, entry_of, entry_of_file
from vocable.load.fetching import Fetched, fetch_model, what_to_download
from vocable.load.found import Found, in_our_layout
from vocable.nearest import listed, near_names
from vocable.units.published import UNITS, published_units

_log = logging.getLogger("vocable")


@dataclass(frozen=True)
class Source:
    """The weights of a model, the hashes that are known, and its entry if it is published."""

    weights: Path
    hashes: Mapping[Path, str]
    entry: Entry | None


def find(name: str | os.PathLike[str]) -> Found:
    """Return the model that a name means.

    Raises ModelError with the nearest names for one that nothing here has.
    """
    return found_in(locate(name))


def found_in(where: Description | Source) -> Found:
    """Return the model of what was located."""
    if isinstance(where, Description):
        return in_our_layout(where)
    hashes = source_hashes(where.weights, where.hashes)
    converted = open_converted(where.weights, hashes)
    entry = where.entry or entry_of_file(hashes[where.weights.name])
    if entry is None:
        return converted
    return replace(converted, description=_named(converted.description, entry))


def locate(name: str | os.PathLike[str]) -> Description | Source:
    """Return what a model in our own layout says of itself, or the files of somebody else's.

    Those of the hub are fetched, and their hashes checked.
    """
    path = Path(name)
    if isinstance(name, str) and is_bundled(name):
        if (path / own.CONFIG).is_file():
            _log.warning("%s is the model that comes with vocable; the folder is ./%s", name, name)
        return describe_bundled(name)
    if found := own.recognise(path):
        return found
    if path.is_file() or (path.is_dir() and holds_checkpoint(path)):
        return Source(weights_in(path), {}, None)
    if path.exists():
        raise ModelError(
            f"{path} is not a model; give a folder with {own.CONFIG} and {own.WEIGHTS}"
        )
    if (entry := entry_of(str(name))) and not entry.on_hub:
        raise ModelError(
            f"{name} is not on the model hub; download {entry.url}, then load the file"
        )
    if str(name).count("/") == 1 and not str(name).startswith((".", "/", "~")):
        weights, hashes = _fetch(str(name))
        entry = entry_of(str(name).partition("@")[0])
        if ours := own.recognise(weights.parent):
            return _named(ours, entry) if entry else ours
        return Source(weights, hashes, entry)
    if published_units(str(name)):
        raise ModelError(
            f"{name} are units that an encoder and centres make; put their files into a folder "
            f"(vocable info {name} says which), then vocable.load.load_units({str(name)!r}, FOLDER)"
        )
    raise ModelError(f'no model named "{name}"; {_hint(str(name))} ("vocable models" shows all)')


def _fetch(name: str) -> Fetched:
    """Fetch `owner/name`; say what may have been meant, or what to do, where that fails."""
    try:
        return fetch_model(name)
    except hub.NoRepository as error:
        raise ModelError(
            f'there is no folder {name}, and {error}; {_hint(name)} ("vocable models" shows all)'
        ) from error
    except hub.Unreachable as error:
        what = f"{error}; {what_to_download(name)}"
        if not entry_of(name.partition("@")[0]):
            what = f"there is no folder {name}, and {what}; {_hint(name)}"
        raise ModelError(what) from error
    except hub.NoClient as error:
        raise ModelError(
            f"{error}; give a folder instead, or a bundled name: {listed(bundled())}"
        ) from error


def _named(found: Description, entry: Entry) -> Description:
    """Return a description with the licence of a published model; refuse another's."""
    if found.name != entry.model:
        raise ModelError(
            f"{entry.name} was published as {entry.model}, but what came is {found.name}; fetch "
            "it again"
        )
    return replace(found, facts={**found.facts, "licence": entry.stated_licence})


def _hint(name: str) -> str:
    """Return the nearest names; those of the hub are also known by what stands behind the owner."""
    units = (entry.name for entry in UNITS)
    names = [*bundled(), *(entry.name for entry in entries()), *units]
    short = {entry.name.partition("/")[2]: entry.name for entry in entries() if entry.on_hub}
    near = near_names(name.partition("@")[0], short | {each: each for each in names}, most=3)
    if near:
        return "nearest: " + ", ".join(f'"{each}"' for each in near)
    return f"known: {listed(names)}"
