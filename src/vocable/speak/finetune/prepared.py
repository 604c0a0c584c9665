"""The prepared set that a model is fine-tuned on, and the consent that it must have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vocable.errors import RecipeError


@dataclass(frozen=True)
class Row:
    """One snippet. begin, end: seconds in its source."""

    path: Path
    text: str
    speaker: str
    source: str
    begin: float
    end: float
    split: str

    @property
    def name(self) -> str:
        """How messages and kept tokens call it."""
        return self.path.name

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end - self.begin


@dataclass(frozen=True)
class PreparedSet:
    """Rows in their order. speakers: by name, in the order of their first rows."""

    folder: Path
    name: str
    consent: str
    rows: tuple[Row, ...]

    @property
    def speakers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.speaker for row in self.rows))

    def of_split(self, split: str) -> tuple[Row, ...]:
        """Return the rows of "train" or "valid"."""
        return tuple(row for row in self.rows if row.split == split)


def read_prepared(folder: Path) -> PreparedSet:
    """Return the set in a folder, as `vocable speak prepare` wrote it.

    RecipeError for a folder that is none, for one without rows to learn from, and for one without
    consent: nobody's voice is learnt unasked.
    """
    about = _table(folder)
    rows = tuple(_row(folder, line) for line in _lines(folder / "metadata.jsonl"))
    found = PreparedSet(folder, str(about.get("name", folder.name)), _consent(folder, about), rows)
    if not found.of_split("train"):
        raise RecipeError(f"{folder} has no snippets to learn from; prepare more recordings")
    return found


def _consent(folder: Path, about: Mapping[str, Any]) -> str:
    consent = str(about.get("consent") or "").strip()
    if not consent:
        raise RecipeError(
            f"{folder} has no consent of the speaker, and a voice is not learnt without; say who "
            'allowed what: vocable speak prepare … --consent "TEXT"'
        )
    return consent


def _table(folder: Path) -> Mapping[str, Any]:
    path = folder / "set.json"
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise RecipeError(
            f"{folder} is not a prepared set: it has no set.json; make one: vocable speak prepare"
        ) from error
    except ValueError as error:
        raise RecipeError(f"{path} is damaged ({error}); prepare the set again") from error
    if not isinstance(found, dict):
        raise RecipeError(f"{path} is not a table; prepare the set again")
    return found


def _lines(path: Path) -> list[Any]:
    try:
        texts = path.read_text("utf-8").splitlines()
        return [json.loads(text) for text in texts if text.strip()]
    except FileNotFoundError as error:
        raise RecipeError(f"{path.parent} has no {path.name}; prepare the set again") from error
    except ValueError as error:
        raise RecipeError(f"{path} is damaged ({error}); prepare the set again") from error


def _row(folder: Path, line: Mapping[str, Any]) -> Row:
    try:
        row = Row(
            folder / line["file_name"], str(line["text"]).strip(), str(line["speaker"]),
            str(line["source"]), float(line["begin"]), float(line["end"]), str(line["split"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise RecipeError(
            f"{folder / 'metadata.jsonl'} has a line without {error}; prepare the set again"
        ) from error
    if not row.text:
        raise RecipeError(
            f"{row.path} has an empty text; drop it: vocable speak correct, or write what is spoken"
        )
    return row
