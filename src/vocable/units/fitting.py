"""Fit centres to the features of recordings: the k-means behind units."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vocable.audio.manifest import Clip
from vocable.errors import ModelError, VocableError
from vocable.quantize.learn.clustering import cluster
from vocable.quantize.learn.lloyd import Clusters
from vocable.units.centres import Centres
from vocable.units.tokenizer import Encodes, origin_of

FRAMES = 300_000  # an hour and a half at 50 frames/s; an hour gives as good units as a hundred


@dataclass(frozen=True)
class Fit:
    """Centres, and what their k-means found.

    clusters     of each block of channels
    frames       that were clustered, of all `seen`
    recordings   that gave frames
    refusals     those that could not be used, with the reason in one line
    """

    centres: Centres
    clusters: tuple[Clusters, ...]
    frames: int
    seen: int
    recordings: int
    refusals: tuple[str, ...]

    @property
    def inertia(self) -> float:
        """The squared distance of a frame to its centre, the mean over the frames, all blocks."""
        return sum(each.inertia for each in self.clusters) / self.frames


def fit(
    encoder: Encodes,
    sources: Iterable[Any],
    size: int,
    *,
    layer: int = 0,
    blocks: Sequence[int] | None = None,
    standardise: bool = False,
    seed: int = 0,
    frames: int = FRAMES,
    progress: Callable[[int], None] | None = None,
) -> Fit:
    """Return `size` centres of a layer of an encoder, by k-means over frames of recordings.

    sources: clips of a manifest, or recordings as `features` takes them, channels mixed; one that
    cannot be used is a refusal. blocks: channels of each block, for a k-means of each (product
    k-means); left out, one of all. standardise: bring each channel to mean 0 and variance 1 first,
    so that no few of them decide. frames: how many are clustered at most, drawn evenly from all.
    progress: is given the number of recordings that are done. ModelError for a layer that there is
    not, and where there are fewer frames than centres.
    """
    widths = _widths(blocks, encoder.channels(layer))
    sample, used, refusals = _Sample(frames, torch.Generator().manual_seed(seed)), 0, []
    for number, source in enumerate(sources, 1):
        try:
            recording = _recording(source) if isinstance(source, Clip) else source
            own = sample.of_one()  # joins the others when the recording is found good to its end
            for _, rows in encoder.feature_parts([recording], layer=layer, mix=True):
                own.add(torch.as_tensor(rows, dtype=torch.float32))
            sample.join(own)
            used += own.seen > 0
        except (VocableError, OSError) as error:
            refusals.append(str(error))
        if progress:
            progress(number)
    rows = sample.rows()
    if len(rows) < size:
        why = f"; the first of {len(refusals)} refusals: {refusals[0]}" if refusals else ""
        raise ModelError(f"{size} centres need as many frames or more, got {len(rows)}{why}")
    mean = deviation = None
    if standardise:
        mean, deviation = rows.mean(0), rows.std(0).clamp(min=1e-5)
        rows = (rows - mean) / deviation
    found = tuple(cluster(part, size, seed=seed) for part in torch.split(rows, widths, dim=1))
    centres = Centres(
        origin_of(encoder, layer), tuple(each.centres for each in found), mean, deviation
    )
    return Fit(centres, found, len(rows), sample.seen, used, tuple(refusals))


def _recording(clip: Clip) -> Any:
    """Return what a row of a manifest lists: a whole file as its path, to be read in blocks."""
    return clip.path if clip.end is None and not clip.start else clip.read()


def _widths(blocks: Sequence[int] | None, channels: int) -> list[int]:
    widths = list(blocks or [channels])
    if min(widths) < 1 or sum(widths) != channels:
        raise ModelError(f"blocks of {widths} channels must add up to the {channels} of a frame")
    return widths


class _Sample:
    """An even sample of rows that come part by part, in bounded memory.

    Each row draws a number, and the rows of the lowest numbers stay.
    """

    def __init__(self, most: int, random: torch.Generator) -> None:
        self._most, self._random = most, random
        self._parts: list[Tensor] = []
        self._drawn: list[Tensor] = []
        self._held = 0
        self.seen = 0

    def add(self, rows: Tensor) -> None:
        """Take some rows."""
        drawn = torch.rand(len(rows), dtype=torch.float64, generator=self._random)
        self._take([rows], [drawn], len(rows))

    def of_one(self) -> _Sample:
        """Return an empty sample, for the rows of one recording."""
        return _Sample(self._most, self._random)

    def join(self, other: _Sample) -> None:
        """Take what another sample has kept of what it has seen."""
        self._take(other._parts, other._drawn, other.seen)

    def _take(self, rows: list[Tensor], drawn: list[Tensor], seen: int) -> None:
        self._parts += rows
        self._drawn += drawn
        self.seen += seen
        self._held += sum(map(len, rows))
        if self._held > 2 * self._most:
            self._shrink()

    def rows(self) -> Tensor:
        """Return the sample, in the order in which it came."""
        if self._held > self._most:
            self._shrink()
        return torch.cat(self._parts) if self._parts else torch.zeros(0, 0)

    def _shrink(self) -> None:
        rows, drawn = torch.cat(self._parts), torch.cat(self._drawn)
        kept = drawn.argsort()[: self._most].sort().values
        self._parts, self._drawn, self._held = [rows[kept]], [drawn[kept]], len(kept)
