"""Find what a name means: a bundled model, a folder, a file, or a model of the hub."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

from vocable import hub
from vocable.codecs.keys import own
from vocable.codecs.keys.checkpoint import holds_checkpoint
from vocable.codecs.keys.description import Description
from vocable.codecs.published import PUBLISHED, Published, published
from vocable.errors import ModelError
from vocable.load.bundled import bundled, describe_bundled, is_bundled
from vocable.load.converting import open_converted
from vocable.load.fetching import fetch_model, what_to_download
from vocable.load.found import Found, in_our_layout
from vocable.nearest import listed, near_names

_log = logging.getLogger("vocable")


def find(name: str | os.PathLike[str]) -> Found:
    """Return the model that a name means.

    Raises ModelError with the nearest names for one that nothing here has.
    """
    path = Path(name)
    if isinstance(name, str) and is_bundled(name):
        if (path / own.CONFIG).is_file():
            _log.warning("%s is the model that comes with vocable; the folder is ./%s", name, name)
        return in_our_layout(describe_bundled(name))
    if found := own.recognise(path):
        return in_our_layout(found)
    if path.is_file() or (path.is_dir() and holds_checkpoint(path)):
        return open_converted(path)
    if path.exists():
        raise ModelError(
            f"{path} is not a model; give a folder with {own.CONFIG} and {own.WEIGHTS}"
        )
    if (entry := published(str(name))) and not entry.on_hub:
        raise ModelError(
            f"{name} is not on the model hub; download {entry.url}, then load the file"
        )
    if str(name).count("/") == 1 and not str(name).startswith((".", "/", "~")):
        return _of_hub(str(name))
    raise ModelError(f'no codec named "{name}"; {_hint(str(name))} ("vocable models" shows all)')


def _of_hub(name: str) -> Found:
    """Fetch `owner/name` or `owner/name@revision`, and open what has come."""
    entry = published(name.partition("@")[0])
    try:
        weights, hashes = fetch_model(name)
    except hub.NoRepository as error:
        raise ModelError(f'{error}; {_hint(name)} ("vocable models" shows all)') from error
    except hub.Unreachable as error:
        or_else = "" if entry else f"; {_hint(name)}"
        raise ModelError(f"{error}; {what_to_download(name)}{or_else}") from error
    except ModelError as error:
        if "extra: pip" not in str(error):
            raise
        raise ModelError(
            f"{error}; give a folder instead, or a bundled name: {listed(bundled())}"
        ) from error
    if found := own.recognise(weights.parent):
        return in_our_layout(found)
    converted = open_converted(weights, hashes)
    return (
        replace(converted, description=_named(converted.description, entry))
        if entry
        else (converted)
    )


def _named(found: Description, entry: Published) -> Description:
    """Return a description with what is known of a published model; refuse another's."""
    if found.name != entry.model:
        raise ModelError(
            f"{entry.name} was published as {entry.model}, but what came is {found.name}; fetch "
            "it again"
        )
    return replace(found, facts={"licence": entry.licence, **found.facts})


def _hint(name: str) -> str:
    """Return the nearest names; those of the hub are also known by what stands behind the owner."""
    names = [*bundled(), *(entry.name for entry in PUBLISHED)]
    short = {entry.name.partition("/")[2]: entry.name for entry in PUBLISHED if entry.on_hub}
    near = near_names(name.partition("@")[0], short | {each: each for each in names}, most=3)
    if near:
        return "nearest: " + ", ".join(f'"{each}"' for each in near)
    return f"known: {listed(names)}"
