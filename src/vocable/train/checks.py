"""Refuse a value of a recipe."""

from __future__ import annotations

from vocable.errors import RecipeError


def check(holds: bool, message: str) -> None:
    """Raise RecipeError with `message` unless `holds`."""
    if not holds:
        raise RecipeError(message)
