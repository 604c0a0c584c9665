"""Apply corrected texts to a prepared set: all of them, or none if anything is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from vocable.errors import RecipeError
from vocable.nearest import nearest
from vocable.speak.prepare.corrections import plain, read_corrections
from vocable.speak.prepare.heard import HEARD, in_order, lines_of, read_heard
from vocable.speak.prepare.kept_words import kept_words
from vocable.speak.prepare.page import PAGE, page_of
from vocable.speak.prepare.report import REPORT, report
from vocable.speak.prepare.set import PreparedSet, Row


@dataclass(frozen=True)
class Corrected:
    """How many snippets have another text now, were dropped, came back, and stayed as they were."""

    changed: int
    dropped: int
    restored: int
    unchanged: int


def correct(folder: str | Path, table: str | os.PathLike[str]) -> Corrected:
    """Apply a table of texts (`read_corrections`) to the prepared set in `folder`.

    An empty text drops a snippet, a text for a dropped one brings it back, one that the table does
    not have stays. Each snippet is kept as it was heard in heard.jsonl, and what is applied is
    applied to that: so an older table undoes a newer one, and one applied twice changes nothing.
    Raises RecipeError, and writes nothing, for a table or a set that is not one, for a file that
    the set does not have, and if no snippet would be left.
    """
    texts = read_corrections(table)
    before = PreparedSet.read(folder)
    heard = read_heard(before.folder)
    rows = {row.file_name: row for row in before.rows}
    _check_known(texts, [*rows, *heard], table)
    after = {**rows}
    for name, text in texts.items():
        _apply(text, heard.get(name) or rows[name], after, heard)
    if not after:
        raise RecipeError(f"{table} has no text at all, which would drop all of {folder}")
    if after != rows:
        _write(before, after, heard)
    return _counts(rows, after)


def _check_known(texts: Mapping[str, str], known: list[str], table: str | os.PathLike[str]) -> None:
    unknown = [name for name in texts if name not in known]
    if unknown:
        more = f", nor {len(unknown) - 1} more of it" if len(unknown) > 1 else ""
        raise RecipeError(
            f'{table} has a file "{unknown[0]}", which the set has not{more}; '
            f"{nearest(unknown[0], known)}"
        )


def _apply(text: str, first: Row, rows: dict[str, Row], heard: dict[str, Row]) -> None:
    """Give a snippet its text. first: the snippet as it was heard, kept in `heard` if it differs.

    The text that was heard brings back all its words.
    """
    name = first.file_name
    if name in rows and plain(rows[name].text) == text:
        return
    if not text:
        rows.pop(name, None)
    elif text == plain(first.text):
        rows[name] = first
    else:
        words = tuple(kept_words(first.words, text))
        rows[name] = replace(first, text=text, words=words)
    if rows.get(name) == first:
        heard.pop(name, None)
    else:
        heard[name] = first


def _write(before: PreparedSet, rows: Mapping[str, Row], heard: Mapping[str, Row]) -> None:
    """Write everything anew. What was heard takes its place first, so that it is never lost."""
    after = list(rows.values())
    if rows.keys() - {row.file_name for row in before.rows}:
        after = in_order(before, after)
    out = [name for name in before.about.dropped if name not in rows]
    out += [name for name in heard if name not in rows and name not in out]
    made = replace(before, rows=tuple(after), about=replace(before.about, dropped=tuple(out)))
    made.save({HEARD: lines_of(heard.values()), PAGE: page_of(made, heard), REPORT: report(made)})


def _counts(old: Mapping[str, Row], new: Mapping[str, Row]) -> Corrected:
    both = old.keys() & new.keys()
    changed = sum(old[name] != new[name] for name in both)
    return Corrected(changed, len(old) - len(both), len(new) - len(both), len(both) - changed)
