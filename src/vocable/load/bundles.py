"""Tokenizers whose names are joined by a +: semantic and acoustic tokens by one call."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vocable.load.bundled import is_bundled
from vocable.load.centres import is_centres, open_units
from vocable.load.kind import Kind, Wanted

if TYPE_CHECKING:
    from vocable.codecs import Tokenizer
    from vocable.codecs.bundle import Bundle
    from vocable.units import UnitTokenizer


def joined_names(name: str | os.PathLike[str]) -> list[str] | None:
    """Return the names that a + joins; None for a model whose own name has one."""
    if not isinstance(name, str) or "+" not in name or is_bundled(name) or os.path.exists(name):
        return None
    return name.split("+")


def _open(names: list[str], wanted: Wanted) -> Bundle:
    from vocable.codecs.bundle import Bundle

    return Bundle([_part(name, wanted) for name in names])


def _part(name: str, wanted: Wanted) -> Tokenizer | UnitTokenizer:
    if is_centres(name):
        return open_units(name, wanted.device)
    return wanted.tokenizer_of(name, wanted.device, wanted.dtype)


KIND = Kind(lambda place: joined_names(place.name), _open)
