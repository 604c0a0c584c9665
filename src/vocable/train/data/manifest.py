"""List the recordings of a folder in a manifest, and read manifests: one JSON object a line.

A row has `path` (from the manifest's own folder, or absolute), and may have `start` and `end`
(seconds, a part of the file), `split` (train, valid, eval), `licence`, `seconds`, `rate`,
`channels`, `loudness` (dBFS, gated), `silence` (share of 20 ms frames below -60 dBFS), `clipped`
(places at full scale), `band_end` (Hz), `set`. Other keys are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vocable.atomic import replacing
from vocable.audio import AudioReader
from vocable.audio.formats import READABLE
from vocable.errors import AudioError, RecipeError
from vocable.folders import search
from vocable.train.data.faults import LEFT_OUT, FaultFinder, kinds_of
from vocable.train.data.tables import Data

BLOCK = 500  # frames of 20 ms read at once
_LONGEST = 1e9  # seconds that a row may speak of
_SILENT = 10 ** (-60 / 20)  # rms of a frame that counts as silence, full scale 1


@dataclass(frozen=True)
class Clip:
    """One row of a manifest: a recording or a part of it."""

    path: Path
    start: float = 0.0  # seconds
    end: float | None = None  # seconds; None: to the end of the file
    split: str = ""  # train, valid, eval, or not given
    licence: str = ""
    set: str = ""  # the collection it belongs to, which a recipe may weigh


@dataclass(frozen=True)
class Scan:
    """The recordings that `scan` found, as rows of a manifest."""

    rows: list[dict[str, Any]]
    bad: dict[str, str]  # file or folder: why it cannot be used
    left_out: str = ""  # what else the folder holds, in one line
    noted: dict[str, list[str]] = field(default_factory=dict)  # kind, of `faults.KINDS`: files

    @property
    def seconds(self) -> float:
        return float(sum(row["seconds"] for row in self.rows))

    def save(self, path: str | Path) -> None:
        """Write the manifest, with paths relative to its own folder where they lie below it."""
        target = Path(path)
        base = _folder_of(target)
        lines = [json.dumps({**row, "path": _relative(row["path"], base)}) for row in self.rows]
        with replacing(target, overwrite=True) as fresh:
            fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")


def scan(folder: str | Path, progress: Callable[[str], None] | None = None) -> Scan:
    """Return a manifest of all recordings under `folder`, with the bad files by name.

    Links are followed; a row has the name that leads to the file from `folder`. Silent recordings
    and those under 0.1 s are left out; they, and what is clipped, of a narrow band or a copy of
    another, are noted. Files are read once, in blocks. FileNotFoundError or NotADirectoryError when
    there is no such folder; RecipeError when it holds no recordings at all.
    """
    root = _existing(folder)
    rows: list[dict[str, Any]] = []
    found, real = search(root, READABLE), root.resolve()
    bad = {str(e.filename): f"cannot be searched ({e.strerror})" for e in found.unread}
    noted: dict[str, list[str]] = {}
    seen: set[str] = set()
    for path in map(Path, found.files):
        if progress:
            progress(str(path))
        try:
            facts, digest = _measure(path)
        except (AudioError, OSError) as error:
            bad[str(path)] = str(error)
            continue
        kinds = kinds_of(facts) + (["copy"] if digest in seen else [])
        seen.add(digest)
        for kind in kinds:
            noted.setdefault(kind, []).append(str(path))
        if not set(kinds) & set(LEFT_OUT):
            rows.append({"path": str(real / path.relative_to(root)), **facts})
    if not rows and not bad and not noted:
        others = f"; it holds {found.left_out}" if found.left_out else ""
        raise RecipeError(f"{root} holds no recordings ({' '.join(READABLE)}){others}")
    return Scan(rows, bad, found.left_out, noted)


def _existing(folder: str | Path) -> Path:
    root = Path(folder)
    if not root.exists():
        raise FileNotFoundError(f"no folder {root}")
    if not root.is_dir():
        raise NotADirectoryError(f"{root} is a file; give the folder that holds the recordings")
    return root


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
    folders = list(dict.fromkeys([_folder_of(source), source.resolve().parent]))
    for number, line in enumerate(lines, 1):
        if line.strip():
            clips.append(_clip(line, folders, f"{source}:{number}"))
    if not clips:
        raise RecipeError(f"{source} lists no recordings")
    return clips


def split(clips: list[Clip], data: Data) -> tuple[list[Clip], list[Clip]]:
    """Return the clips to train on and those held out, by their `split`, else by share."""
    if data.held_out:
        return clips, read_manifest(data.held_out)
    held_out = [clip for clip in clips if clip.split not in ("", "train")]
    train = [clip for clip in clips if clip.split in ("", "train")]
    if not held_out:
        every = max(2, round(1 / data.held_out_share))
        held_out, train = train[::every], [c for i, c in enumerate(train) if i % every]
    if not train:
        raise RecipeError(f"{len(clips)} recordings leave none to train on; give at least 2")
    return train, held_out


def _clip(line: str, folders: list[Path], where: str) -> Clip:
    try:
        row = json.loads(line)
        end = row.get("end")
        clip = Clip(
            _located(row["path"], folders),
            float(row.get("start", 0.0)),
            None if end is None else float(end),
            str(row.get("split", "")),
            str(row.get("licence", "")),
            str(row.get("set", "")),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RecipeError(
            f'{where}: wanted a JSON object with "path", start and end in seconds; got {line[:60]}'
        ) from error
    end = _LONGEST if clip.end is None else clip.end
    if not 0 <= clip.start < end <= _LONGEST:
        raise RecipeError(
            f"{where}: there is no audio between start {clip.start} s and end {clip.end} s; "
            f"wanted 0 <= start < end <= {_LONGEST:.0e}"
        )
    return clip


def _folder_of(manifest: Path) -> Path:
    """Return the real folder in which a manifest is seen, which may be a link to one elsewhere."""
    return manifest.parent.resolve()


def _located(path: str, folders: list[Path]) -> Path:
    """Return a row's path; of a linked manifest in the link's folder, else in its target's."""
    if len(folders) == 1:
        return folders[0] / path
    paths = [folder / path for folder in folders]
    return next((each for each in paths if each.exists()), paths[0])


def _relative(path: str, base: Path) -> str:
    full = Path(path)
    return full.relative_to(base).as_posix() if full.is_relative_to(base) else str(full)


def _measure(path: Path) -> tuple[dict[str, Any], str]:
    """Read one file and return its facts, and a digest of its samples."""
    samples, powers = 0, [np.zeros(0)]
    with AudioReader(path) as reader:
        frame, finder = reader.rate // 50, FaultFinder(reader.rate)
        for block in reader.blocks(frame * BLOCK):
            samples += block.shape[1]
            powers.append(frame_powers(block, reader.rate))
            finder.push(block)
    joined = np.concatenate(powers)
    facts = {
        "seconds": round(samples / reader.rate, 3),
        "rate": reader.rate,
        "channels": reader.channels,
        "loudness": loudness(joined),
        "silence": round(float(np.mean(joined < _SILENT**2)), 4) if joined.size else 1.0,
        **finder.facts(),
    }
    return facts, finder.digest


def frame_powers(samples: np.ndarray, rate: int) -> np.ndarray:
    """Return the mean square of each complete frame of 20 ms of `[channels, samples]`."""
    frame = rate // 50
    used = samples.shape[1] // frame * frame
    shaped = np.square(samples[:, :used]).reshape(samples.shape[0], -1, frame)
    powers: np.ndarray = shaped.mean(axis=(0, 2))
    return powers


def loudness(powers: np.ndarray) -> float | None:
    """Return the gated level in dBFS: the mean of the powers that lie within 20 dB of the mean.

    Silent frames do not count; None where all are silent.
    """
    loud = powers[powers > _SILENT**2]
    if not loud.size:
        return None
    gated = loud[loud > loud.mean() / 100]
    return round(float(10 * np.log10(gated.mean())), 2)
