"""Find and read the recordings that a benchmark is asked to use."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from vocable.audio import manifest as manifests


@dataclass(frozen=True)
class Clip:
    """One recording, or the part of it between two times in seconds."""

    path: Path
    speaker: str
    start: float = 0.0
    end: float | None = None
    text: str = ""  # the words, where they are known
    language: str = ""
    phones: tuple[tuple[float, float, str], ...] = ()

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
    """Return the clips of a manifest, or of the manifest.jsonl in a folder, by vocable's reader."""
    manifest = source / "manifest.jsonl" if source.is_dir() else source
    rows = [row for row in manifests.read_manifest(manifest) if split in (None, row.split)]
    if not rows:
        raise SystemExit(f"{manifest}: no clips" + (f" of split {split}" if split else ""))
    return [_clip(row, manifest.absolute().parent) for row in rows]


def _clip(row: manifests.Clip, folder: Path) -> Clip:
    if not row.path.is_file():
        raise SystemExit(f"{row.path}: not found in {folder} or a folder above it")
    speaker = row.speaker or row.path.stem
    return Clip(row.path, speaker, row.start, row.end, row.text, row.language, row.phones)
