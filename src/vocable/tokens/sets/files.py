"""The files of a set of tokens."""

from __future__ import annotations

from typing import Any

from ...errors import FormatError
from ..spec import TokenSpec
from .rows import Rows

FORMAT = 1
CONTENTS, ITEMS = "tokens.json", "items.jsonl"


def codes_file(track: str) -> str:
    """Return the name of a track's file."""
    return f"{track or 'tokens'}.codes"


def describe(tracks: dict[str, Rows], items: int) -> dict[str, Any]:
    """Return what CONTENTS holds."""
    listed = [
        {"name": name, "levels": rows.levels, "streams": rows.streams, "spec": rows.spec.to_dict()}
        for name, rows in tracks.items()
    ]
    return {"format": FORMAT, "items": items, "tracks": listed}


def tracks_of(contents: Any) -> dict[str, Rows]:
    """Return the tracks that CONTENTS names; FormatError for another format."""
    if contents["format"] != FORMAT:
        raise FormatError(f"format {contents['format']!r}, this vocable reads {FORMAT}")
    return {
        str(each["name"]): Rows(TokenSpec.from_dict(each["spec"]), each["levels"], each["streams"])
        for each in contents["tracks"]
    }
