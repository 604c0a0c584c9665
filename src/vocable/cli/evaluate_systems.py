"""Make of the options of `vocable evaluate codec` what is to be judged."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vocable.cli.errors import Refusal, message_of
from vocable.cli.open_codec import open_codec
from vocable.errors import TokenError
from vocable.evaluate.sweep import CodecSystem, System, codec_systems

if TYPE_CHECKING:
    from vocable.codecs import Codec
    from vocable.tokens import TokenSpec


@dataclass(frozen=True)
class Asked:
    """The options that name systems."""

    codecs: tuple[str, ...]
    levels: str | None
    anchors: bool
    external: tuple[str, ...]
    tokens: tuple[str, ...]
    decoded: tuple[str, ...]


def opened(name: str) -> Codec:
    """Open a codec in a process that judges."""
    import vocable

    return vocable.load(name)


def systems_of(asked: Asked) -> list[System]:
    """Return the systems, controls first; Refusal for one that cannot be opened."""
    found: list[System] = []
    found += _codecs(asked.codecs, asked.levels)
    return found


def _codecs(names: Sequence[str], levels: str | None) -> list[CodecSystem]:
    specs = {name: open_codec(name, None, None).spec for name in names}
    found: list[CodecSystem] = []
    for name, spec in specs.items():
        alike = sum(other.name == spec.name for other in specs.values()) > 1
        label = os.path.basename(os.path.normpath(name)) if alike else ""
        try:
            found += codec_systems(opened, (name,), spec, _levels(levels, spec), label)
        except TokenError as error:
            raise Refusal(f"--levels: {name}: {message_of(error)}") from error
    return found


def _levels(levels: str | None, spec: TokenSpec) -> Sequence[int] | None:
    if levels is None:
        return None
    if levels == "all":
        return spec.prefixes
    try:
        return [int(each) for each in levels.split(",")]
    except ValueError as error:
        raise Refusal(f'--levels is "all" or numbers, as in 1,4,8; got "{levels}"') from error
