"""List the recordings of a folder in a manifest (`vocable.audio.manifest` reads it).

To what reading takes, rows add what was measured: `seconds`, `rate`, `channels`, `loudness` (dBFS,
gated), `silence` (share of 20 ms frames below -60 dBFS), `clipped` (places at full scale),
`band_end` (Hz).
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
from vocable.audio.manifest import Clip, folder_of, read_manifest
from vocable.errors import AudioError, RecipeError
from vocable.folders import search
from vocable.train.data.faults import LEFT_OUT, FaultFinder, kinds_of
from vocable.train.data.tables import Data

BLOCK = 500  # frames of 20 ms read at once
_SILENT = 10 ** (-60 / 20)  # rms of a frame that counts as silence, full scale 1


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
        base = folder_of(target)
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
