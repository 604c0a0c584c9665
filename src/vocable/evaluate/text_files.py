"""Read the text files of published sets."""

from __future__ import annotations

from pathlib import Path

from vocable.errors import MeasureError


def read_text(path: Path) -> str:
    """Return a text; MeasureError, with the line, where it is not in UTF-8."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise MeasureError(f"{path}:{line}: is not text in UTF-8; unpack it again") from error
