"""Save and read tokens in the format that the ending of a name asks for.

Each format registers itself here, so that `AudioTokens.save` need not know any.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import TokenError
from .arrays import TokensLike

OWN = ".vcb"


class Format(NamedTuple):
    """How one kind of file is written and read."""

    save: Callable[..., None]  # (path, tokens, *, overwrite)
    read: Callable[..., Any]  # (path)


_FORMATS: dict[str, Format] = {}


def register(*endings: str, save: Callable[..., None], read: Callable[..., Any]) -> None:
    """Let names with these endings be written and read by these functions."""
    _FORMATS.update(dict.fromkeys(endings, Format(save, read)))


def save(path: str | os.PathLike[str], tokens: TokensLike, *, overwrite: bool = False) -> None:
    """Write tokens in the format that the name ends in, whole or not at all."""
    format_of(path).save(path, tokens, overwrite=overwrite)


def format_of(path: str | os.PathLike[str]) -> Format:
    """Return the format that a name ends in, .vcb for none; TokenError for an unknown ending.

    A pipe or a device takes .vcb, whatever its name.
    """
    ending = Path(path).suffix.lower() or OWN
    if ending not in _FORMATS:
        if Path(path).exists() and not Path(path).is_file():
            return _FORMATS[OWN]
        raise TokenError(f"{path}: its ending must be one of {' '.join(sorted(_FORMATS))}")
    return _FORMATS[ending]


def other_reader(path: str | os.PathLike[str]) -> Callable[..., Any] | None:
    """Return what reads a name with the ending of another format than .vcb."""
    ending = Path(path).suffix.lower()
    return _FORMATS[ending].read if ending in _FORMATS and ending != OWN else None


def as_own(path: str | os.PathLike[str]) -> io.BytesIO | None:
    """Return what another format holds as a `.vcb` in memory; None where the name ends in none.

    TokenError for floats, which a `.vcb` does not hold.
    """
    if (read := other_reader(path)) is None:
        return None
    tokens, file = read(path), io.BytesIO()
    if tokens.spec.latent is not None:
        raise TokenError(f"{path} holds floats; here take the tokens of a codec with codebooks")
    _FORMATS[OWN].save(file, tokens)
    return file
