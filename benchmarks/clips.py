"""Find and read the recordings that a benchmark is asked to use."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr


@dataclass(frozen=True)
class Clip:
    """One recording, or the part of it between two times in seconds."""

    path: Path
    speaker: str
    start: float = 0.0
    end: float | None = None
    text: str = ""  # the words, where they are known
    language: str = ""

    @property
    def name(self) -> str:
        """The file's name, with the start of a part."""
        return self.path.name + (f"@{self.start:g}" if self.start else "")

    def read(self, rate: int) -> np.ndarray:
        """Return [samples] at `rate`, channels averaged, float32."""
        with soundfile.SoundFile(self.path) as file:
            first = round(self.start * file.samplerate)
            last = file.frames if self.end is None else round(self.end * file.samplerate)
            file.seek(first)
            samples = file.read(last - first, dtype="float32", always_2d=True).mean(axis=1)
            return soxr.resample(samples, file.samplerate, rate)


def read_manifest(source: Path, split: str | None = None) -> list[Clip]:
    """Return the clips of a manifest (JSON lines), or of the manifest.jsonl in a folder.

    Paths in it are relative to the manifest's folder or to one above it.
    """
    manifest = source / "manifest.jsonl" if source.is_dir() else source
    rows = [json.loads(line) for line in manifest.read_text().splitlines() if line.strip()]
    kept = [row for row in rows if split is None or row.get("split") == split]
    if not kept:
        raise SystemExit(f"{manifest}: no clips" + (f" of split {split}" if split else ""))
    return [_clip(row, manifest.absolute().parent) for row in kept]


def _clip(row: dict, folder: Path) -> Clip:
    candidates = [base / row["path"] for base in (folder, *folder.parents)]
    path = next((path for path in candidates if path.is_file()), None)
    if path is None:
        raise SystemExit(f"{row['path']}: not found in {folder} or a folder above it")
    speaker = row.get("speaker") or path.stem
    text, language = row.get("text") or "", row.get("language") or ""
    return Clip(path, speaker, row.get("start") or 0.0, row.get("end"), text, language)
