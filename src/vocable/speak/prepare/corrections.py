"""Read corrected texts from a table: what our page saves, an editor or a spreadsheet program."""

from __future__ import annotations

import codecs
import os
import re
from pathlib import Path

from vocable.errors import RecipeError

FILE, TEXT = "file", "text"
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_BREAK = re.compile("\r\n|\r|\n")
_ENCODINGS = (  # by their marks; Excel's "Unicode text" is UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def plain(text: str) -> str:
    """Return a text as a table can hold it: on one line, single spaces between its words."""
    return " ".join(text.split())


def read_corrections(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the texts of a table by file, `plain`; an empty one drops its snippet.

    The first line names the columns, with tabs between: `file` and `text`; others are passed over.
    Raises RecipeError for another kind of file, a line with more columns, and a file that comes
    twice; FileNotFoundError if there is none.
    """
    path = Path(path)
    lines = [_fields(line) for line in _BREAK.split(_decoded(path))]
    columns = [name.strip().lower() for name in lines[0]]
    if FILE not in columns or TEXT not in columns:
        raise RecipeError(f"{path} begins with {_shown(lines[0])}; {_wanted(lines[0])}")
    texts: dict[str, str] = {}
    lines_of: dict[str, int] = {}
    for number, fields in enumerate(lines[1:], 2):
        if not any(fields):
            continue
        if len(fields) > len(columns):
            raise RecipeError(
                f"{path}:{number} has {len(fields)} columns, the first line {len(columns)}; take "
                "the tab out of the text"
            )
        # Editors and spreadsheets take tabs off the end of a line: what is missing there is empty.
        fields += [""] * (len(columns) - len(fields))
        name = fields[columns.index(FILE)].strip()
        if name in texts:
            raise RecipeError(
                f"{path}:{number} has {name} again, after line {lines_of[name]}; keep one of them"
            )
        texts[name], lines_of[name] = plain(fields[columns.index(TEXT)]), number
    return texts


def _fields(line: str) -> list[str]:
    """Return the fields of a line, without quotes where a whole field stands in them."""
    fields = line.split("\t")
    while fields and not fields[-1]:
        fields.pop()
    return [each[1:-1].replace('""', '"') if _QUOTED.fullmatch(each) else each for each in fields]


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    encoding = next((name for mark, name in _ENCODINGS if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in data:
        raise RecipeError(f"{path} is not text; name corrections.tsv, or an edited transcript.tsv")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RecipeError(
            f"{path}:{line} is not UTF-8 (byte {data[error.start]:#04x}); save it as UTF-8 again"
        ) from error


def _shown(fields: list[str]) -> str:
    line = " ".join(fields)
    return f'"{line[:40]}…"' if len(line) > 40 else f'"{line}"' if line else "an empty line"


def _wanted(fields: list[str]) -> str:
    if len(fields) == 1 and re.search(f'{FILE}"?[,;]"?{TEXT}', fields[0], re.I):
        return "save it with tabs between the columns"
    return f'its first line has to name the columns "{FILE}" and "{TEXT}", with a tab between'
