"""The models that come with the package, `src/vocable/models/NAME/VERSION`; versions are numbers.

NAME loads the newest version, NAME@VERSION one of them: tokens decode only by their own.
"""

from __future__ import annotations

from pathlib import Path

from vocable.codecs.keys import own
from vocable.codecs.keys.description import Description
from vocable.errors import ModelError
from vocable.nearest import listed

BUNDLED = Path(__file__).parents[1] / "models"


def bundled(*, older: bool = False) -> list[str]:
    """Return the names of the models that come with the package, with `older` each NAME@VERSION."""
    names = sorted({path.parents[1].name for path in BUNDLED.glob(f"*/*/{own.CONFIG}")})
    if not older:
        return names
    return [each for name in names for each in (name, *_at(name, _versions(name)[1:]))]


def is_bundled(name: str) -> bool:
    """Return whether a name, or NAME@VERSION, means a model that comes with the package."""
    return name.partition("@")[0] in bundled()


def describe_bundled(name: str) -> Description:
    """Return the description of NAME or NAME@VERSION; ModelError for a version that is not here."""
    name, _, version = name.partition("@")
    here = _versions(name)
    if version and version not in here:
        raise ModelError(
            f"{name}@{version} does not come with this vocable; take {listed(_at(name, here))}, "
            "or for tokens of it the vocable that made them"
        )
    found = own.recognise(BUNDLED / name / (version or here[0]))
    assert found is not None
    return found


def _versions(name: str) -> list[str]:
    """Return the versions of a model, the newest first."""
    found = {path.parent.name for path in (BUNDLED / name).glob(f"*/{own.CONFIG}")}
    return sorted(found, key=int, reverse=True)


def _at(name: str, versions: list[str]) -> list[str]:
    return [f"{name}@{version}" for version in versions]
