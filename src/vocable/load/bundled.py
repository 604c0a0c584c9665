"""The models that come with the package, `src/vocable/models/NAME`."""

from __future__ import annotations

from pathlib import Path

from vocable.codecs.keys import own
from vocable.codecs.keys.description import Description
from vocable.errors import ModelError

BUNDLED = Path(__file__).parents[1] / "models"


def bundled() -> list[str]:
    """Return the names of the models that come with the package."""
    return sorted(path.parent.name for path in BUNDLED.glob(f"*/{own.CONFIG}"))


def is_bundled(name: str) -> bool:
    """Return whether a name, or NAME@VERSION, means a model that comes with the package."""
    return name.partition("@")[0] in bundled()


def describe_bundled(name: str) -> Description:
    """Return the description of NAME or NAME@VERSION; ModelError for a version that is not here."""
    name, _, version = name.partition("@")
    found = own.recognise(BUNDLED / name)
    assert found is not None
    if version not in ("", found.version):
        here = found.version
        raise ModelError(f"{name} is here as version {here}, not {version}; load {name}@{here}")
    return found
