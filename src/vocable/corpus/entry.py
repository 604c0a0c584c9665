"""One recording of a corpus, and what is known of it before it is heard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from vocable.errors import FormatError


@dataclass(frozen=True)
class Entry:
    """A recording.

    id          names it in the corpus: no two have the same
    path        its file, or an address that fsspec opens; empty where a tar or table holds it
    start, end  seconds of the file that it is; end None: to the file's end
    """

    id: str
    path: str = ""
    start: float = 0.0
    end: float | None = None
    text: str = ""
    speaker: str = ""
    language: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return what is known, without what is not."""
        return {name: value for name, value in vars(self).items() if value not in ("", 0.0, None)}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Entry:
        """Return the entry that `to_dict` gave; FormatError for another table."""
        unknown = sorted(set(table) - {field.name for field in fields(cls)})
        if unknown or not isinstance(table.get("id"), str):
            raise FormatError(f"a recording of a corpus has an id and no {', '.join(unknown)}")
        return cls(**table)


@dataclass(frozen=True)
class Found:
    """A recording whose sound can be read now.

    sound   what `AudioReader` takes: a path, or the bytes of a file
    fault   why it cannot be read, where that is known already
    """

    entry: Entry
    sound: Any = None
    fault: str = ""


Recordings = Iterator[Found]
