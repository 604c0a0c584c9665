"""Write the page to correct a prepared set by ear: one HTML file that plays `audio/` beside it."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from vocable.atomic import replacing
from vocable.pages import assemble
from vocable.speak.prepare.corrections import plain
from vocable.speak.prepare.originals import dropped, in_order, read_originals
from vocable.speak.prepare.set import UNSURE, PreparedSet, Row

PAGE = "correct.html"
_HIGHEST = 48_000  # Hz of a snippet
_SCRIPTS = ("words.js", "work.js", "player.js", "editor.js", "list.js", "screen.js")


def write_page(folder: Path) -> None:
    """Write SET/correct.html from what the set holds, whole or not at all."""
    page = page_of(PreparedSet.read(folder), read_originals(folder))
    with replacing(folder / PAGE, overwrite=True) as fresh:
        fresh.write_text(page, encoding="utf-8", newline="\n")


def page_of(made: PreparedSet, originals: Mapping[str, Row]) -> str:
    """Return the page of a set. originals: its corrected and dropped snippets, as they were heard.

    Those that were dropped are on it as well, so that they can be kept after all.
    """
    folder = made.folder.resolve().name
    out = dropped(made, originals)
    data = {
        "name": made.about.name,
        "language": made.about.language,
        "command": shlex.join(["vocable", "speak", "correct", folder, "corrections.tsv"]),
        "snippets": [_snippet(row, made, row in out) for row in in_order(made, [*made.rows, *out])],
    }
    return assemble(files(__package__) / "correct_page", _SCRIPTS, {"SET": data})


def _snippet(row: Row, made: PreparedSet, out: bool) -> dict[str, object]:
    """Return a snippet as the page wants it; its times and those of its words in seconds."""
    source = next((each for each in made.about.sources if each.name == row.source), None)
    return {
        "key": _key(row, source.sha256 if source else ""),
        "file": row.file_name,
        "text": plain(row.text),
        "source": row.source,
        "begin": row.begin,
        "end": row.end,
        "rate": min(source.rate if source else _HIGHEST, _HIGHEST),
        "dropped": out,
        "words": [
            [each.begin, each.end, each.word.strip(), each.probability < UNSURE]
            for each in row.words
        ],
    }


def _key(row: Row, recording: str) -> str:
    """Return what a browser keeps the work on a snippet under: another cut is another snippet.

    Pages opened from a disk share what they keep, so names alone would mix up sets. recording: the
    hash of the source.
    """
    what = repr((recording, row.file_name, row.begin, row.end))
    return hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()[:16]
