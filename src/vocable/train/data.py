"""Draw random segments from the recordings of a manifest, the same again after a resume.

All recordings are decoded once to int16 at the codec's rate, into one file beside the run that is
mapped into memory (5 hours at 16 kHz: 576 MB). A segment's place is uniform over all of the audio,
unless the recipe weighs its collections.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vocable.atomic import replacing
from vocable.audio import Audio, resample
from vocable.errors import AudioError, RecipeError
from vocable.train.condition import condition
from vocable.train.manifest import Clip
from vocable.train.recipe import Augment

_log = logging.getLogger(__name__)
_FULL = 32767  # int16 of a sample at full scale
_TRIES = 20  # draws before a quiet segment is taken after all


class Recordings:
    """Clips as int16 in one mapped file: `samples`, and `spans` (first, last + 1) of each clip.

    `sets` names the collection of each clip.
    """

    def __init__(
        self, samples: np.ndarray, spans: np.ndarray, rate: int, sets: Sequence[str]
    ) -> None:
        self.samples, self.spans, self.rate, self.sets = samples, spans, rate, sets

    @property
    def seconds(self) -> float:
        return float((self.spans[:, 1] - self.spans[:, 0]).sum()) / self.rate

    def clip(self, index: int) -> np.ndarray:
        """Return one clip as float32, full scale 1."""
        first, last = self.spans[index]
        return np.asarray(self.samples[first:last], dtype=np.float32) / _FULL

    def __len__(self) -> int:
        return len(self.spans)


def decode_once(clips: Sequence[Clip], rate: int, augment: Augment, cache: Path) -> Recordings:
    """Return the clips decoded to mono int16 at `rate`, from `cache` if it holds just these.

    They are trimmed and brought to one loudness where `augment` says so.

    A clip that cannot be read is left out with a warning; RecipeError when none is left.
    """
    index = cache.with_suffix(".json")
    key = _fingerprint(clips, rate, augment)
    known = json.loads(index.read_text()) if index.is_file() and cache.is_file() else {}
    if known.get("key") != key:
        known = {"key": key, "spans": _write(clips, rate, augment, cache)}
        with replacing(index, overwrite=True) as fresh:
            fresh.write_text(json.dumps(known))
    spans = np.asarray(known["spans"], dtype=np.int64).reshape(-1, 3)
    samples = np.memmap(cache, dtype=np.int16, mode="r")
    return Recordings(samples, spans[:, :2], rate, [clips[i].set for i in spans[:, 2]])


def _fingerprint(clips: Sequence[Clip], rate: int, augment: Augment) -> str:
    names = [
        (str(c.path), c.start, c.end, c.path.stat().st_mtime_ns if c.path.exists() else 0)
        for c in clips
    ]
    return hashlib.sha256(
        json.dumps([rate, augment.loudness_db, augment.trim_db, names]).encode()
    ).hexdigest()


def _write(
    clips: Sequence[Clip], rate: int, augment: Augment, cache: Path
) -> list[tuple[int, int, int]]:
    """Write the samples; return (first, last + 1, index of the clip) of each that can be read."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    spans, place = [], 0
    with replacing(cache, overwrite=True) as fresh, fresh.open("wb") as file:
        for index, samples in _decode(clips, rate, augment):
            file.write(samples.tobytes())
            spans.append((place, place + len(samples), index))
            place += len(samples)
        if not place:
            raise RecipeError(f"none of the {len(clips)} recordings can be read; see the warnings")
    return spans


def _decode(clips: Sequence[Clip], rate: int, augment: Augment) -> Iterator[tuple[int, np.ndarray]]:
    """Yield clips by index; a packed file is read once for the parts that follow each other."""
    path, whole, whole_rate = None, np.zeros(0, np.float32), rate
    for index, clip in enumerate(clips):
        if clip.path != path:
            path = clip.path
            try:
                whole, whole_rate = _read_mono(clip.path)
            except (AudioError, OSError) as error:
                _log.warning("%s is left out: %s", clip.path, error)
                whole = np.zeros(0, np.float32)
        part = whole[int(clip.start * whole_rate) : _end(clip, whole_rate)]
        if len(part):
            part = resample(part[None], whole_rate, rate)[0] if whole_rate != rate else part
            part = condition(part, rate, augment)
            yield index, np.round(np.clip(part, -1, 1) * _FULL).astype("<i2")
        elif len(whole):
            _log.warning("%s ends before %g s: that part is left out", clip.path, clip.start)


def _end(clip: Clip, rate: int) -> int | None:
    return None if clip.end is None else int(clip.end * rate)


def _read_mono(path: Path) -> tuple[np.ndarray, int]:
    audio = Audio.read(path)
    return audio.samples.mean(axis=0), audio.rate


class Segments:
    """An endless source of batches `[batch, 1, samples]`, float32.

    `state()` and `restore(state)` give its position exactly, in numbers and text.
    """

    def __init__(
        self,
        recordings: Recordings,
        augment: Augment,
        *,
        batch: int,
        segment: int,
        seed: int,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.recordings, self.augment = recordings, augment
        self.batch, self.segment = batch, segment  # segment in samples
        lengths = recordings.spans[:, 1] - recordings.spans[:, 0]
        self._starts = np.maximum(lengths - segment + 1, 1)
        shares = self._starts * [(weights or {}).get(name, 1.0) for name in recordings.sets]
        self._until = np.cumsum(shares) / np.sum(shares)
        self._check_heard(seed)

    def draw(self) -> Float[Tensor, "batch channels samples"]:
        """Return the next batch."""
        return torch.from_numpy(np.stack([self._segment() for _ in range(self.batch)])[:, None])

    def state(self) -> dict[str, Any]:
        return dict(self.random.bit_generator.state)

    def restore(self, state: Mapping[str, Any]) -> None:
        self.random.bit_generator.state = dict(state)

    def _check_heard(self, seed: int) -> None:
        """Refuse recordings that are silent, by draws that leave the own ones as they are."""
        self.random = np.random.default_rng(seed)
        levels = [self._level(self._cut()) for _ in range(_TRIES)]
        if max(levels) < self.augment.min_rms:
            raise RecipeError(
                f"{_TRIES} random segments have at most {max(levels):.2g} rms (full scale 1); the "
                f"recipe wants augment.min_rms = {self.augment.min_rms}: lower it, set "
                "augment.loudness_db = -23, or record louder"
            )
        self.random = np.random.default_rng(seed)

    @staticmethod
    def _level(samples: np.ndarray) -> float:
        return float(np.sqrt(np.mean(np.square(samples))))

    def _segment(self) -> np.ndarray:
        for _ in range(_TRIES):
            samples = self._cut()
            if self._level(samples) >= self.augment.min_rms:
                break
        gain = 10 ** (self.random.uniform(*self.augment.gain_db) / 20)
        samples *= np.float32(min(gain, 1 / (float(np.abs(samples).max()) + 1e-9)))
        if self.augment.flip and self.random.random() < 0.5:
            samples *= np.float32(-1)
        return samples

    def _cut(self) -> np.ndarray:
        """Return a random segment; a clip shorter than it is followed by silence."""
        index = int(np.searchsorted(self._until, self.random.random(), side="right"))
        index = min(index, len(self._until) - 1)
        begin, end = self.recordings.spans[index]
        first = int(begin) + int(self.random.integers(self._starts[index]))
        last = min(first + self.segment, int(end))
        samples = np.zeros(self.segment, np.float32)
        samples[: last - first] = self.recordings.samples[first:last]
        samples /= np.float32(_FULL)
        return samples
