"""Apply corrected texts to a prepared set: all of them, or none if anything is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from vocable.errors import RecipeError
from vocable.nearest import nearest
from vocable.speak.prepare.corrections import plain, read_corrections
from vocable.speak.prepare.kept_words import kept_words
from vocable.speak.prepare.originals import HEARD, in_order, lines_of, read_originals
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
    originals = read_originals(before.folder)
    rows = {row.file_name: row for row in before.rows}
    _check_known(texts, [*rows, *originals], table)
    after = {**rows}
    for name, text in texts.items():
        _apply(text, originals.get(name) or rows[name], after, originals)
    if not after:
        raise RecipeError(f"{table} has no text at all, which would drop all of {folder}")
    _write(before, after, originals)
    return _counts(rows, after)


def _check_known(texts: Mapping[str, str], known: list[str], table: str | os.PathLike[str]) -> None:
    unknown = [name for name in texts if name not in known]
    if unknown:
        more = f", nor {len(unknown) - 1} more of it" if len(unknown) > 1 else ""
        raise RecipeError(
            f'{table} has a file "{unknown[0]}", which the set has not{more}; '
            f"{nearest(unknown[0], known)}"
        )


def _apply(text: str, original: Row, rows: dict[str, Row], originals: dict[str, Row]) -> None:
    """Give a snippet its text. original: as it was heard, which `originals` keeps from now on.

    The text that was heard brings back all its words.
    """
    name = original.file_name
    if name in rows and plain(rows[name].text) == text:
        return
    if not text:
        rows.pop(name, None)
    elif text == plain(original.text):
        rows[name] = original
    else:
        words = tuple(kept_words(original.words, text))
        rows[name] = replace(original, text=text, words=words)
    originals[name] = original


def _write(before: PreparedSet, rows: Mapping[str, Row], originals: Mapping[str, Row]) -> None:
    """Write everything, also where nothing has changed: an earlier run may have been cut off.

    heard.jsonl takes its place first and only grows, so no snippet is ever lost.
    """
    after = list(rows.values())
    if rows.keys() - {row.file_name for row in before.rows}:
        after = in_order(before, after)
    out = [name for name in before.about.dropped if name not in rows]
    out += [name for name in originals if name not in rows and name not in out]
    made = replace(before, rows=tuple(after), about=replace(before.about, dropped=tuple(out)))
    made.save(
        {HEARD: lines_of(originals.values()), PAGE: page_of(made, originals), REPORT: report(made)}
    )


def _counts(old: Mapping[str, Row], new: Mapping[str, Row]) -> Corrected:
    both = old.keys() & new.keys()
    changed = sum(old[name] != new[name] for name in both)
    return Corrected(changed, len(old) - len(both), len(new) - len(both), len(both) - changed)
