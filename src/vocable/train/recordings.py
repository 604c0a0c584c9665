"""Decode all recordings of a manifest once, to int16 at a codec's rate, in one mapped file.

It lies beside the run (5 hours at 16 kHz: 576 MB), so that a resumed run starts at once.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vocable.atomic import replacing
from vocable.audio import AudioReader, Resampler
from vocable.errors import AudioError, RecipeError
from vocable.train.condition import condition
from vocable.train.manifest import Clip
from vocable.train.recipe import Augment

_log = logging.getLogger(__name__)
FULL = 32767  # int16 of a sample at full scale


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
        return np.asarray(self.samples[first:last], dtype=np.float32) / FULL

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
    path, whole = None, np.zeros(0, np.int16)
    for index, clip in enumerate(clips):
        if clip.path != path:
            path, whole = clip.path, np.zeros(0, np.int16)
            try:
                whole = _read(clip.path, rate)
            except (AudioError, OSError) as error:
                _log.warning("%s is left out: %s", clip.path, error)
        part = whole[round(clip.start * rate) : clip.end and round(clip.end * rate)]
        if len(part):
            yield index, conditioned(part, rate, augment)
        elif len(whole):
            _log.warning("%s ends before %g s: that part is left out", clip.path, clip.start)


def conditioned(samples: np.ndarray, rate: int, augment: Augment) -> np.ndarray:
    """Return int16 samples trimmed and at the loudness that `augment` asks for."""
    if augment.trim_db is None and augment.loudness_db is None:
        return samples
    return _integers(condition(samples.astype(np.float32) / FULL, rate, augment))


def _read(path: Path, rate: int) -> np.ndarray:
    """Return a file mixed to mono at `rate`, as int16; nothing larger is ever in memory."""
    line = bytearray()
    with AudioReader(path) as reader:
        resampler = Resampler(reader.rate, rate, 1)
        for block in reader.blocks():
            line += _integers(resampler.step(block.mean(axis=0, keepdims=True))).tobytes()
        line += _integers(resampler.finish()).tobytes()
    return np.frombuffer(line, np.int16)


def _integers(samples: np.ndarray) -> np.ndarray:
    rounded: np.ndarray = np.round(np.clip(samples, -1, 1) * FULL).astype(np.int16)
    return rounded
