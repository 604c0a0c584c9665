"""Save tokens in the format that the ending of a name asks for.

Each format registers itself here, so that `AudioTokens.save` need not know any.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .arrays import TokensLike

Save = TypeVar("Save", bound=Callable[..., None])  # (path, tokens, *, overwrite)
OTHER = ""  # stands for every ending that no format has registered

_FORMATS: dict[str, Callable[..., None]] = {}


def register(*endings: str) -> Callable[[Save], Save]:
    """Make the decorated function the one that writes names with these endings."""

    def add(save: Save) -> Save:
        _FORMATS.update(dict.fromkeys(endings, save))
        return save

    return add


def save(path: str | os.PathLike[str], tokens: TokensLike, *, overwrite: bool = False) -> None:
    """Write tokens in the format that the name ends in, whole or not at all."""
    write = _FORMATS.get(Path(path).suffix.lower(), _FORMATS[OTHER])
    write(path, tokens, overwrite=overwrite)
