"""Cut a stream of frames into runs of sound and of silence, and these into segments."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from vocable.codecs.files import Listen
from vocable.quantize.distortion import Distortion
from vocable.quantize.merging import Merger, Windows
from vocable.signal.silence import FrameLevels, Silence, SilenceFinder
from vocable.tokens import TokenSpec


class Frames(NamedTuple):
    """Frames as they come: their own codes, and the rows by which they are joined."""

    codes: Int64[np.ndarray, "levels frames"]
    rows: Int64[np.ndarray, "frames width"]


class Cut(NamedTuple):
    """How a run is cut: by whom, what its distortion counts, and what 1, 2 … frames cost."""

    merger: Merger
    weight: int
    prices: Int64[np.ndarray, " longest"]


Labels = Bool[np.ndarray, " frames"]
Found = tuple[Int64[np.ndarray, "levels tokens"], Int64[np.ndarray, " tokens"]]
"""Codes and durations."""


class Quiet:
    """Which frames of a recording are silent, of what was heard of it so far."""

    def __init__(self, rule: Silence | None, spec: TokenSpec, listen: Listen | None = None) -> None:
        self._levels = FrameLevels(spec.frame)
        self._finder = SilenceFinder(rule, float(spec.frame_rate)) if rule else None
        self._settled: list[Labels] = []
        self._listen = listen
        self.frames = 0  # that were heard whole

    def hear(self, block: Float[Tensor, " samples"]) -> Float[Tensor, " samples"]:
        """Hear the next samples, and give them back."""
        samples = block.numpy()
        self._hear(self._levels.push(samples))
        if self._listen:
            self._listen(samples[None, None])
        return block

    def take(self) -> Labels:
        """Return what has become certain."""
        found = np.concatenate([np.zeros(0, bool), *self._settled])
        self._settled.clear()
        return found

    def finish(self) -> Labels:
        """Return the rest."""
        self._hear(self._levels.finish())
        if self._finder:
            self._settled.append(self._finder.finish())
        return self.take()

    def _hear(self, levels: Float[np.ndarray, " frames"]) -> None:
        self.frames += len(levels)
        silent = self._finder.push(levels) if self._finder else np.zeros(len(levels), bool)
        self._settled.append(silent)


class Alike:
    """How many frames of a run, up to each, have its codes, as the frames come."""

    def __init__(self) -> None:
        self._last: Int64[np.ndarray, "levels 1"] | None = None
        self._count = 0  # of the last frame

    def push(self, codes: Int64[np.ndarray, "levels frames"]) -> Int64[np.ndarray, " frames"]:
        """Return it for the next frames, at least one."""
        before = codes[:, :1] if self._last is None else self._last
        joined = np.concatenate([before, codes], axis=1)
        changed = (joined[:, 1:] != joined[:, :-1]).any(axis=0)
        places = np.arange(1, len(changed) + 1)
        found = places - np.maximum.accumulate(np.where(changed, places - 1, -self._count))
        self._last, self._count = codes[:, -1:], int(found[-1])
        return found


class Segments:
    """Cut frames into runs of sound and of silence, and each run into segments, as they come.

    A segment whose frames have other codes distorts something; one of the same codes keeps them.
    cut: returns how a run is cut that is silent, or is not.
    """

    def __init__(self, cut: Callable[[bool], Cut], distortion: Distortion, levels: int) -> None:
        self._cut_of, self._distortion = cut, distortion
        self._codes = np.zeros((levels, 0), np.int64)  # of frames that are in no segment yet
        self._rows = np.zeros((0, distortion.width), np.int64)  # of those that are in no run yet
        self._labels = np.zeros(0, bool)
        self._silent: bool | None = None  # of the run that is under way
        self._cut, self._windows = cut(False), Windows(1, 1)
        self._sums = np.zeros((0, distortion.width + 1), np.int64)  # the rows of its open frames
        self._alike, self._same = Alike(), np.zeros(0, np.int64)  # its answers for these
        self._found: list[Found] = []

    def push(self, frames: Frames | None, silent: Labels) -> Found:
        """Take in the next frames, and what is said of the next, not always the same ones.

        Returns the tokens that are certain now.
        """
        if frames is not None:
            self._codes = np.concatenate([self._codes, frames.codes], axis=1)
            self._rows = np.concatenate([self._rows, frames.rows])
        labels = np.concatenate([self._labels, silent])
        count = min(len(labels), len(self._rows))
        edges = np.flatnonzero(np.diff(labels[:count].astype(np.int8))) + 1
        codes = self._codes[:, self._codes.shape[1] - len(self._rows) :]
        for part in np.split(np.arange(count), edges):
            if len(part):
                self._extend(bool(labels[part[0]]), self._rows[part], codes[:, part])
        self._labels, self._rows = labels[count:], self._rows[count:]
        return self._take()

    def finish(self) -> Found:
        """Return the last tokens."""
        self._emit(self._cut.merger.finish())
        return self._take()

    def _extend(
        self,
        silent: bool,
        rows: Int64[np.ndarray, "frames width"],
        codes: Int64[np.ndarray, "levels frames"],
    ) -> None:
        """Add frames to the run, or begin one."""
        if silent != self._silent:
            self._emit(self._cut.merger.finish())
            self._silent, self._cut = silent, self._cut_of(silent)
            self._windows = Windows(len(self._cut.prices), rows.shape[1] + 1)
            self._alike = Alike()
        weights = np.full((len(rows), 1), self._cut.weight)
        weighted = np.concatenate([rows * self._cut.weight, weights], axis=1)
        self._sums = np.concatenate([self._sums, weighted])
        same = self._alike.push(codes)
        self._same = np.concatenate([self._same, same])
        costs = [self._distortion.costs(sums) for sums in self._windows.push(weighted)]
        others = np.arange(1, len(costs) + 1) > same[:, None]
        costs = np.maximum(np.stack(costs, axis=1), self._cut.weight * others)
        self._emit(self._cut.merger.push(costs + self._cut.prices))

    def _emit(self, lengths: list[int]) -> None:
        """Make tokens of the first open frames of the run."""
        if not lengths:
            return
        durations = np.array(lengths)
        ends = np.cumsum(durations)
        sums = np.add.reduceat(self._sums[: ends[-1]], ends - durations)
        codes, others = self._codes[:, ends - durations], durations > self._same[ends - 1]
        if others.any():
            codes[:, others] = self._distortion.codes(sums[others])
        self._codes, self._sums = self._codes[:, ends[-1] :], self._sums[ends[-1] :]
        self._same = self._same[ends[-1] :]
        self._found.append((codes, durations))

    def _take(self) -> Found:
        none = self._codes[:, :0], np.zeros(0, np.int64)
        codes, durations = zip(none, *self._found, strict=True)
        self._found.clear()
        return np.concatenate(codes, axis=1), np.concatenate(durations)
