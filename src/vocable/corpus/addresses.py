"""Files at addresses that fsspec opens: https, s3, gs, memory and its other kinds."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from vocable.errors import RecipeError


def is_address(place: str) -> bool:
    """Return whether this is an address, and no path."""
    return "://" in place


def opened(place: str) -> BinaryIO:
    """Open a path or an address to read; OSError where that cannot be done."""
    if not is_address(place):
        return open(place, "rb")
    try:
        return cast(BinaryIO, _fsspec().open(place, "rb").open())
    except (ImportError, ValueError) as error:  # a kind that needs another package, or none has
        raise OSError(f"{place}: {error}") from error


def fetched(place: str) -> bytes:
    """Return what lies at an address."""
    with opened(place) as file:
        return file.read()


def _fsspec() -> Any:
    try:
        import fsspec
    except ImportError as error:
        raise RecipeError('addresses need fsspec: pip install "vocable[corpus]"') from error
    return fsspec
