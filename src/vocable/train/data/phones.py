"""Add timed phones to the rows of a manifest that have a text."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vocable.atomic import replacing
from vocable.audio.manifest import Clip, read_manifest
from vocable.errors import VocableError
from vocable.measures.aligner import Phones

Align = Callable[[Any, int, str], Phones]


@dataclass(frozen=True)
class Aligned:
    """Rows of a manifest, those with a text with `phones`; why the others have none, by name."""

    rows: list[dict[str, Any]]
    refused: dict[str, str]

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the manifest; its paths are full ones."""
        with replacing(path, overwrite=overwrite) as fresh:
            fresh.write_text("".join(json.dumps(row) + "\n" for row in self.rows), "utf-8")


def align_manifest(
    manifest: Path, align: Align, progress: Callable[[float], None] | None = None
) -> Aligned:
    """Return the rows with the phones that `align(samples, rate, text)` finds in each.

    Only rows in English, or of no stated language, with a `text` are aligned; all rows are kept.
    """
    clips = read_manifest(manifest)
    lines = manifest.read_text(encoding="utf-8-sig").split("\n")
    rows = [json.loads(line) for line in lines if line.strip()]
    refused: dict[str, str] = {}
    for k, (row, clip) in enumerate(zip(rows, clips, strict=True)):
        row["path"] = str(clip.path)
        if clip.text and clip.language in ("", "en") and not clip.phones:
            try:
                row["phones"] = _phones(clip, align)
            except (VocableError, OSError) as error:
                refused[clip.name] = str(error)
        if progress:
            progress((k + 1) / len(rows))
    return Aligned(rows, refused)


def _phones(clip: Clip, align: Align) -> list[tuple[float, float, str]]:
    audio = clip.read().mono()
    return list(align(audio.samples[0], audio.rate, clip.text))
