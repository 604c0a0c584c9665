"""Read and write HuBERT's manifests, and hold labels against them.

The first line of a `.tsv` is the folder, each other one a path below it, a tab, and the samples of
that recording at 16 kHz. Line k of a `.km` beside it has the labels of line k + 1.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from vocable.atomic import replacing
from vocable.errors import TokenError
from vocable.tokens import AudioTokens, Source, TokenSpec
from vocable.units.lines import read_text

RATE = 16_000


@dataclass(frozen=True)
class HubertManifest:
    """Recordings below a folder, each with its samples at 16 kHz."""

    folder: str
    recordings: tuple[tuple[str, int], ...]

    def paths(self) -> list[Path]:
        """Return where the recordings are."""
        return [Path(self.folder, name) for name, _ in self.recordings]

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the `.tsv`, whole or not at all."""
        lines = [self.folder, *(f"{name}\t{samples}" for name, samples in self.recordings)]
        for line in lines:
            if "\n" in line or line.count("\t") > 1:
                raise TokenError(f"a manifest has a path a line without tabs, got {line[:80]!r}")
        with replacing(path, overwrite=overwrite) as fresh:
            fresh.write_bytes("".join(f"{line}\n" for line in lines).encode())

    def tokens(self, labels: Sequence[np.ndarray], spec: TokenSpec) -> list[AudioTokens]:
        """Return the labels of each recording as tokens of a spec of 16 kHz.

        TokenError names the line whose labels are of another rate than the spec's, too many or too
        few, and counts that differ.
        """
        if spec.rate != RATE:
            raise TokenError(f"manifests count samples at {RATE} Hz; {spec.name} reads {spec.rate}")
        if len(labels) != len(self.recordings):
            raise TokenError(
                f"labels have {len(labels)} lines but the manifest lists {len(self.recordings)} "
                "recordings; take the manifest that they were made with"
            )
        found = []
        for number, (row, (name, samples)) in enumerate(
            zip(labels, self.recordings, strict=True), 1
        ):
            _check_count(number, name, len(row), samples, spec)
            found.append(AudioTokens(spec, [row[None]], source=Source(samples, RATE)))
        return found


def read_hubert_manifest(path: str | os.PathLike[str]) -> HubertManifest:
    """Return what a `.tsv` lists; TokenError names the line that is something else."""
    lines = read_text(path).removesuffix("\n").split("\n")
    folder = lines[0].removesuffix("\r")
    if not folder or "\t" in folder:
        raise TokenError(f"{path}:1: wanted the folder of the recordings, got {folder[:60]!r}")
    rows = [_row(line.removesuffix("\r"), f"{path}:{k}") for k, line in enumerate(lines[1:], 2)]
    return HubertManifest(folder, tuple(rows))


def _row(line: str, where: str) -> tuple[str, int]:
    name, tab, samples = line.partition("\t")
    if not tab or not name or not samples.isascii() or not samples.isdigit():
        raise TokenError(f"{where}: wanted a path, a tab and samples, got {line[:60]!r}")
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise TokenError(f"{where}: {name} does not lie below the folder of the first line")
    return name, int(samples)


def _check_count(number: int, name: str, labels: int, samples: int, spec: TokenSpec) -> None:
    frames = spec.frames(samples)
    if labels == frames:
        return
    for times in (2, 4):  # 100 or 200 labels a second, where 50 are wanted, or the other way round
        faster = (samples - (spec.window or spec.frame)) // (spec.frame // times) + 1
        slower = (samples - (spec.window or spec.frame)) // (spec.frame * times) + 1
        for other, rate in ((faster, spec.frame_rate * times), (slower, spec.frame_rate / times)):
            if frames > 4 and abs(labels - other) <= 1:
                raise TokenError(
                    f"line {number} ({name}): {labels} labels are {float(rate):g} a second, but "
                    f"{spec.name} has {float(spec.frame_rate):g}; take labels of that rate"
                )
    raise TokenError(
        f"line {number} ({name}): {labels} labels but {samples} samples are {frames} frames of "
        f"{spec.name}; take the manifest that they were made with"
    )
