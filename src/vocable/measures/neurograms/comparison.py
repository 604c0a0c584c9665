"""Compare two recordings patch by patch."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np

from vocable.errors import MeasureError
from vocable.measures.checks import Unpaired
from vocable.measures.neurograms.alignment import align
from vocable.measures.neurograms.features import Features, features
from vocable.measures.neurograms.matching import Place, match
from vocable.measures.neurograms.nsim import Similarity, compare
from vocable.measures.neurograms.patches import all_patches, spoken_patches, within
from vocable.measures.neurograms.realign import Match, realigned
from vocable.measures.neurograms.spectrogram import Neurogram, Resolution, Sound, neurograms

_log = logging.getLogger("vocable")


@dataclass(frozen=True)
class Comparison:
    """How recordings of one kind are compared."""

    grid: Resolution
    patch: int  # frames
    spoken: bool  # whether only patches with speech count

    @property
    def shortest(self) -> int:
        """Unpaired that the reference needs: half a patch, and one."""
        frames = self.patch // 2 + self.patch - (1 if self.spoken else 0)
        return self.grid.size + (frames - 1) * self.grid.hop

    def __call__(self, reference: Unpaired, degraded: Unpaired) -> Features:
        """Return how alike two recordings are; neither is silent, the reference not too short."""
        sounds = Sound.of(reference, self.grid), self._prepared(reference, degraded)
        x, y = neurograms(*sounds)
        if not x.any():
            raise MeasureError("visqol hears nothing in the reference (-45 dB in every band)")
        starts = self._starts(reference, x.shape[1], y.shape[1])
        places = match(x, y, starts, self.patch)
        matches = [self._matched(x, y, *pair) for pair in zip(starts, places, strict=True)]
        return features([realigned(match, *sounds) for match in matches], self.grid.seconds)

    def _prepared(self, reference: Unpaired, degraded: Unpaired) -> Sound:
        """Return the degraded recording lined up with the reference, and as loud."""
        aligned = align(reference, degraded)
        if aligned.size <= self.grid.size:
            raise MeasureError(
                f"visqol: lined up with the reference, {aligned.size} samples of the degraded "
                f"signal are left, more than {self.grid.size} are needed; leave this clip out"
            )
        gain = np.sqrt(np.mean(reference**2) / np.mean(aligned**2))
        return Sound.of(aligned * gain, self.grid)

    def _starts(self, reference: Unpaired, frames: int, degraded_frames: int) -> list[int]:
        if self.spoken:
            starts = spoken_patches(reference, frames, self.patch, self.grid)
        else:
            starts = all_patches(frames, self.patch)
        kept = within(starts, degraded_frames, self.patch)
        if missing := len(starts) - len(kept):
            _log.warning(
                "visqol: the degraded signal ends before %d of %d patches of the reference, "
                "which do not count; cut both to one length",
                *(missing, len(starts)),
            )
        return kept

    def _matched(self, x: Neurogram, y: Neurogram, start: int, place: Place) -> Match:
        similarity = compare(x[:, start : start + self.patch], _from(y, place.start, self.patch))
        if place.lost:
            similarity = _without(similarity)
        return Match(similarity, self._span(start), self._span(place.start), place.lost)

    def _span(self, start: int) -> tuple[float, float]:
        seconds = start * self.grid.seconds
        return seconds, seconds + self.grid.seconds * self.patch


def _from(levels: Neurogram, start: int, frames: int) -> Neurogram:
    """Return so many frames, with zeros after the end."""
    piece = levels[:, start : start + frames]
    return np.pad(piece, ((0, 0), (0, frames - piece.shape[1])))


def _without(similarity: Similarity) -> Similarity:
    """Return the similarity to nothing."""
    return replace(similarity, means=np.zeros_like(similarity.means))
