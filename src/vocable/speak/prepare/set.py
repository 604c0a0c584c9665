"""A prepared set: a folder of snippets, with what is known of each.

audio/NAME-0001.flac   snippets, mono, 16 bits
metadata.jsonl         a `Row` a line: `datasets` reads the folder as it is
transcript.tsv         file, text, unsure words: to correct by hand
correct.html           to correct by ear
set.json               whose voice, who allowed what, how it was made, of which recordings
report.md              what there is, and what was left out
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from vocable.atomic import Replacement
from vocable.errors import RecipeError
from vocable.fitting import fit

Kind = TypeVar("Kind")
FORMAT = 1
AUDIO, METADATA, TRANSCRIPT, ABOUT = "audio", "metadata.jsonl", "transcript.tsv", "set.json"
UNSURE = 0.5  # probability below which a word is marked in the transcript


@dataclass(frozen=True)
class TimedWord:
    """A word of a snippet, in seconds from its begin."""

    begin: float
    end: float
    word: str
    probability: float


@dataclass(frozen=True)
class Row:
    """A snippet: its file below the set's folder, its text, and where it comes from.

    begin, end   seconds in the recording `source`
    checks       loudness, peak, clipped, snr, band (`checks`); likeness, the cosine to the voice
    """

    file_name: str
    text: str
    speaker: str
    language: str
    source: str
    begin: float
    end: float
    split: str  # train or valid
    words: tuple[TimedWord, ...] = ()
    checks: dict[str, float | None] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return self.end - self.begin


@dataclass(frozen=True)
class LeftOut:
    """A snippet that did not become one: seconds in its recording, why, and what was understood."""

    begin: float
    end: float
    why: str
    text: str


@dataclass(frozen=True)
class Source:
    """A recording of which snippets were made.

    lost       seconds by reason
    left_out   those of them that had words
    """

    name: str
    sha256: str
    seconds: float
    rate: int  # Hz
    channels: int
    snippets: int
    lost: dict[str, float] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class About:
    """What set.json says."""

    format: int
    vocable: str
    name: str
    speaker: str
    consent: str  # who allowed what, in the words that were given; "": nobody has
    language: str
    recogniser: str
    settings: dict[str, Any]
    sources: tuple[Source, ...] = ()
    dropped: tuple[str, ...] = ()  # files that were dropped by hand


@dataclass(frozen=True)
class PreparedSet:
    """A set, as it lies in `folder`."""

    folder: Path
    about: About
    rows: tuple[Row, ...]

    @classmethod
    def read(cls, folder: str | Path) -> PreparedSet:
        """Read a set. RecipeError for a folder that is none, and for one that is damaged."""
        folder = Path(folder)
        if not (folder / ABOUT).is_file():
            raise RecipeError(
                f"{folder} is not a prepared set, it has no {ABOUT}; make one with "
                "`vocable speak prepare`"
            )
        about = _fitted(About, (folder / ABOUT).read_bytes(), folder / ABOUT)
        if about.format != FORMAT:
            raise RecipeError(
                f"{folder / ABOUT} has format {about.format}, this version reads {FORMAT}; "
                "update vocable"
            )
        found = cls(folder, about, tuple(_rows(folder / METADATA)))
        missing = [row.file_name for row in found.rows if not found.path(row).is_file()]
        if missing:
            raise RecipeError(
                f"{folder} lacks {len(missing)} of {len(found.rows)} snippets, the first is "
                f"{missing[0]}; prepare it again"
            )
        return found

    def save(self, beside: Mapping[str, str] = {}) -> None:
        """Write all but the sound: every file, or, where the disk is full, none.

        beside: other files of the folder, by name. set.json takes its place last.
        """
        rows = (json.dumps(asdict(row), ensure_ascii=False) for row in self.rows)
        about = json.dumps(asdict(self.about), ensure_ascii=False, indent=2)
        texts = {
            **beside,
            METADATA: "".join(f"{row}\n" for row in rows),
            TRANSCRIPT: transcript(self.rows),
            ABOUT: f"{about}\n",
        }
        with ExitStack() as unfinished:
            fresh = list[Replacement]()
            for name, text in texts.items():
                fresh.append(Replacement(self.folder / name, overwrite=True))
                unfinished.callback(fresh[-1].discard)
                fresh[-1].path.write_text(text, encoding="utf-8", newline="\n")
            for each in fresh:
                each.commit()

    def path(self, row: Row) -> Path:
        """Return where the sound of a snippet lies."""
        return self.folder / row.file_name

    def part(self, split: str) -> list[Row]:
        """Return the rows of a split, `train` or `valid`."""
        return [row for row in self.rows if row.split == split]

    @property
    def seconds(self) -> float:
        return sum(row.seconds for row in self.rows)

    def require_consent(self) -> str:
        """Return who allowed what; RecipeError where nothing is stored, so no voice is copied."""
        if not self.about.consent.strip():
            raise RecipeError(
                f"{self.folder} says nothing about consent, so this voice is not copied; store who "
                'allowed what: vocable speak prepare … --consent "…"'
            )
        return self.about.consent


def transcript(rows: Iterable[Row]) -> str:
    """Return transcript.tsv: a line a snippet, so that two versions can be compared."""
    lines = ["file\ttext\tunsure"]
    for row in rows:
        unsure = " ".join(each.word for each in row.words if each.probability < UNSURE)
        lines.append("\t".join(map(_field, (row.file_name, row.text, unsure))))
    return "".join(f"{line}\n" for line in lines)


def _field(text: str) -> str:
    """Return a field that spreadsheets read as it is: one that begins with a quote is quoted."""
    plain = " ".join(text.split())
    return '"' + plain.replace('"', '""') + '"' if plain.startswith('"') else plain


def _rows(path: Path) -> Iterable[Row]:
    if not path.is_file():
        raise RecipeError(f"{path.parent} has no {METADATA}; prepare it again")
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if line.strip():
            yield _fitted(Row, line, f"{path}:{number}")


def _fitted(kind: type[Kind], data: bytes, where: str | Path) -> Kind:
    try:
        return fit(kind, json.loads(data), "it", RecipeError)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise RecipeError(f"{where} is damaged ({error}); prepare the set again") from error
