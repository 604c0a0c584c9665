"""Read the manifests that `vocable evaluate` is given."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vocable.audio.manifest import Clip, read_manifest
from vocable.cli.errors import Refusal, message_of
from vocable.errors import RecipeError
from vocable.evaluate.systems.tokenizer import evenly


def clips_of(data: Sequence[str], most: int | None) -> list[Clip]:
    """Return the clips of all manifests, set by set; Refusal for one that cannot be read.

    data: manifests, each perhaps behind `SET=`. most: clips of each set, evenly spaced.
    """
    sets: dict[str, list[Clip]] = {}
    for clip in (clip for each in data for clip in _read(each)):
        sets.setdefault(clip.set, []).append(clip)
    return [clip for some in sets.values() for clip in evenly(some, most or len(some))]


def _read(given: str) -> list[Clip]:
    name, equals, path = given.partition("=")
    if not equals or os.path.exists(given):
        name, path = "", given
    try:
        clips = read_manifest(path)
    except (RecipeError, OSError) as error:
        raise Refusal(f"--data: {message_of(error)}") from error
    other = Path(path).resolve().parent.name
    return [replace(clip, set=name or clip.set or other) for clip in clips]
