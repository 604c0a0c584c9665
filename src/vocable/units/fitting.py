"""Fit centres to the features of recordings: the k-means behind units."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vocable.audio.manifest import Clip
from vocable.errors import ModelError, VocableError
from vocable.quantize.learn.clustering import cluster
from vocable.quantize.learn.lloyd import Clusters
from vocable.units.centres import Centres
from vocable.units.resolutions import check_strides, in_steps, pooled
from vocable.units.tokenizer import Encodes, origin_of

FRAMES = 300_000  # an hour and a half at 50 frames/s; an hour gives as good units as a hundred


@dataclass(frozen=True)
class Fit:
    """Centres, and what their k-means found.

    clusters     of each block of channels, or of each stride
    frames       that were clustered, of all `seen`; with strides, of the finest
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
        """The squared distance of what is clustered to its centre: a block's mean, all blocks."""
        return sum(each.inertia / int(each.counts.sum()) for each in self.clusters)


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
    strides: Sequence[int] | None = None,
) -> Fit:
    """Return `size` centres of a layer of an encoder, by k-means over frames of recordings.

    sources: clips of a manifest, or recordings as `features` takes them, channels mixed; one that
    cannot be used is a refusal. blocks: channels of each block, for a k-means of each (product
    k-means); left out, one of all. standardise: bring each channel to mean 0 and variance 1 first,
    so that no few of them decide. frames: how many are clustered at most, drawn evenly from all.
    progress: is given the number of recordings that are done. strides: descending to 1, for a
    k-means at each of several frame rates, over the means of as many frames (see `resolutions`).
    ModelError for a layer that there is not, and where there are fewer frames than centres.
    """
    widths = _widths(blocks, encoder.channels(layer))
    rates = _strides(strides, blocks)
    samples = [_Sample(frames, torch.Generator().manual_seed(seed)) for _ in rates]
    used, refusals = _gather(
        encoder, sources, layer, dict(zip(rates, samples, strict=True)), progress
    )
    drawn = [each.rows() for each in samples]
    if len(drawn[0]) < size:
        of = f" of {rates[0]} frames each" if rates[0] > 1 else ""
        why = f"; the first of {len(refusals)} refusals: {refusals[0]}" if refusals else ""
        raise ModelError(
            f"{size} centres need as many frames or more, got {len(drawn[0])}{of}{why}"
        )
    mean = deviation = None
    if standardise:
        mean, deviation = drawn[-1].mean(0), drawn[-1].std(0).clamp(min=1e-5)
        drawn = [(rows - mean) / deviation for rows in drawn]
    found = tuple(
        cluster(part, size, seed=seed)
        for rows in drawn
        for part in torch.split(rows, widths, dim=1)
    )
    centres = Centres(
        origin_of(encoder, layer), tuple(each.centres for each in found), mean, deviation,
        tuple(strides or ()),
    )  # fmt: skip
    return Fit(centres, found, len(drawn[-1]), samples[-1].seen, used, tuple(refusals))


def _gather(
    encoder: Encodes,
    sources: Iterable[Any],
    layer: int,
    samples: Mapping[int, _Sample],
    progress: Callable[[int], None] | None,
) -> tuple[int, list[str]]:
    """Fill the samples of each stride; return how many recordings gave frames, and refusals."""
    used, refusals = 0, []
    for number, source in enumerate(sources, 1):
        try:
            recording = _recording(source) if isinstance(source, Clip) else source
            parts = encoder.feature_parts([recording], layer=layer, mix=True)
            own = {stride: each.of_one() for stride, each in samples.items()}
            for _, rows in in_steps(parts, math.lcm(*samples)):
                for stride, each in own.items():
                    each.add(pooled(rows, stride))
            for stride, each in own.items():  # the recording is good to its end
                samples[stride].join(each)
            used += own[1].seen > 0
        except (VocableError, OSError) as error:
            refusals.append(str(error))
        if progress:
            progress(number)
    return used, refusals


def _recording(clip: Clip) -> Any:
    """Return what a row of a manifest lists: a whole file as its path, to be read in blocks."""
    return clip.path if clip.end is None and not clip.start else clip.read()


def _strides(strides: Sequence[int] | None, blocks: Sequence[int] | None) -> Sequence[int]:
    if strides is None:
        return (1,)
    if blocks is not None:
        raise ModelError("blocks part the channels and strides the frames; give one of them")
    check_strides(strides)
    return strides


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
