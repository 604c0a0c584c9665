"""Read manifests, which list recordings: one JSON object a line.

A row has `path` (absolute, or from the manifest's own folder or one above it), and may have `start`
and `end` (seconds, a part of the file) and what is known of it: `split` (train, valid, eval),
`licence`, `set` (the collection it belongs to), `speaker`, `gender` (of the speaker), `language`,
`text` (the words that are said), `label` (what kind of sound, or the one word), `phones` ([start,
end, label] in seconds, in order). Other keys are ignored. The metadata.jsonl of a prepared set is a
manifest too: its rows have `file_name` in place of `path`, and are whole files.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vocable.audio.reader import AudioReader
from vocable.audio.value import Audio
from vocable.errors import AudioError, RecipeError

_LONGEST = 1e9  # seconds that a row may speak of
_CLIP = '"path", start and end in seconds'


@dataclass(frozen=True)
class Clip:
    """One row of a manifest: a recording or a part of it, and what is known of it."""

    path: Path
    start: float = 0.0  # seconds
    end: float | None = None  # seconds; None: to the end of the file
    split: str = ""  # train, valid, eval, or not given
    licence: str = ""
    set: str = ""  # the collection it belongs to, which a recipe may weigh
    speaker: str = ""
    language: str = ""
    text: str = ""
    label: str = ""
    phones: tuple[tuple[float, float, str], ...] = ()
    gender: str = ""  # "f" or "m"
    speed: float = 1.0  # at which it is played, higher or lower

    @property
    def name(self) -> str:
        """The file's name without its ending, with the start of a part: `talk@2.5`."""
        return self.path.stem + (f"@{self.start:g}" if self.start else "")

    def read(self) -> Audio:
        """Return the recording; AudioError for a file that cannot be read, or ends before it."""
        found = self._read()
        if self.speed == 1:
            return found
        return Audio(found.samples, round(found.rate * self.speed)).resample(found.rate)

    def _read(self) -> Audio:
        return read_part(self.path, self.start, self.end)


def read_part(source: Any, start: float, end: float | None) -> Audio:
    """Return a recording from `start` to `end` in seconds, None: to its end.

    source: what `AudioReader` takes. AudioError where it ends before it.
    """
    with AudioReader(source) as reader:
        first = round(start * reader.rate)
        last = None if end is None else round(end * reader.rate)
        kept, at = [], 0
        for block in reader.blocks():
            kept.append(block[:, max(0, first - at) : last and max(0, last - at)])
            at += block.shape[1]
            if last is not None and at >= last:
                break
        samples = np.concatenate(kept, axis=1) if kept else np.zeros((1, 0), np.float32)
        if not samples.shape[1]:
            raise AudioError(f"{reader.name} ends before {start:g} s; mend the manifest")
        return Audio(samples, reader.rate)


def read_manifest(path: str | Path) -> list[Clip]:
    """Return the clips a manifest lists. RecipeError names the line that cannot be used."""
    source = Path(path)
    if source.is_dir():
        raise RecipeError(f"{source} is a folder; list it first: vocable data scan {source}")
    clips = []
    try:
        lines = source.read_text(encoding="utf-8-sig").split("\n")  # JSON may hold other line ends
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"{source} is not text in UTF-8 ({error.reason} at byte {error.start}); "
            "make it again: vocable data scan FOLDER"
        ) from error
    folders = list(dict.fromkeys([folder_of(source), source.resolve().parent]))
    folders += [above for above in folders[0].parents if above not in folders]
    for number, line in enumerate(lines, 1):
        if line.strip():
            clips.append(_clip(line, folders, f"{source}:{number}"))
    if not clips:
        raise RecipeError(f"{source} lists no recordings")
    return clips


def folder_of(manifest: Path) -> Path:
    """Return the real folder in which a manifest is seen, which may be a link to one elsewhere."""
    return manifest.parent.resolve()


def _clip(line: str, folders: Sequence[Path], where: str) -> Clip:
    try:
        row = json.loads(line)
        if "path" not in row and "file_name" in row:
            # its begin and end are of the recording that the snippet was cut from
            row = {**row, "path": row["file_name"], "start": 0.0, "end": None}
        end = row.get("end")
        words = ("split", "licence", "set", "speaker", "gender", "language", "text", "label")
        texts: dict[str, Any] = {word: _text(row.get(word)) for word in words}
        clip = Clip(
            _located(row["path"], folders),
            float(row.get("start", 0.0)),
            None if end is None else float(end),
            phones=_phones(row.get("phones")),
            **texts,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RecipeError(f"{where}: wanted a JSON object with {_CLIP}; got {line[:60]}") from error
    end = _LONGEST if clip.end is None else clip.end
    if not 0 <= clip.start < end <= _LONGEST:
        raise RecipeError(
            f"{where}: there is no audio between start {clip.start} s and end {clip.end} s; "
            f"wanted 0 <= start < end <= {_LONGEST:.0e}"
        )
    return clip


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _phones(value: Any) -> tuple[tuple[float, float, str], ...]:
    """Return timed phones; those without times, as some sets have them, are not kept."""
    if not isinstance(value, list):
        return ()
    return tuple((float(start), float(end), str(label)) for start, end, label in value)


def _located(path: str, folders: Sequence[Path]) -> Path:
    """Return a row's path in the first of the folders that has it, else in the manifest's own."""
    paths = [folder / path for folder in folders]
    return next((each for each in paths if each.exists()), paths[0])
