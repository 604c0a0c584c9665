"""Decode all recordings of a manifest once, to int16 at one rate, in one memory-mapped file.

The file lies in the folder of the run (5 hours at 16 kHz: 576 MB), so that a resumed run goes on at
once.
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
from vocable.train.data.conditioning import trim_and_normalise
from vocable.train.data.manifest import Clip, read_manifest, split
from vocable.train.data.tables import Augment, Data
from vocable.train.distributed import Distributed

_log = logging.getLogger(__name__)
FULL_SCALE = 32767  # int16 of a sample at 1.0


class Recordings:
    """Clips as int16 in one memory-mapped file.

    `samples` is all of them, `spans` the (first, last + 1) sample of each clip, `sets` its
    collection.
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
        return np.asarray(self.samples[first:last], dtype=np.float32) / FULL_SCALE

    def __len__(self) -> int:
        return len(self.spans)


def open_recordings(
    manifest: Path,
    data: Data,
    augment: Augment,
    rate: int,
    folder: Path,
    distributed: Distributed,
) -> tuple[Recordings, Recordings]:
    """Return what to train on and what is held out, decoded to `folder` by the main process."""
    train, held_out = split(read_manifest(manifest), data)
    folder.mkdir(parents=True, exist_ok=True)

    def decode() -> tuple[Recordings, Recordings]:
        return (
            decode_once(train, rate, augment, folder / "train.int16"),
            decode_once(held_out, rate, augment, folder / "held_out.int16"),
        )

    decoded = decode() if distributed.is_main else None
    distributed.wait()  # the others read what the main process has written
    return decoded or decode()


def decode_once(clips: Sequence[Clip], rate: int, augment: Augment, cache: Path) -> Recordings:
    """Return the clips decoded to mono int16 at `rate`, from `cache` if it holds just these.

    They are trimmed and brought to one loudness where `augment` says so. A clip that cannot be read
    is left out with a warning; RecipeError when none is left.
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
    spans, written = [], 0
    with replacing(cache, overwrite=True) as fresh, fresh.open("wb") as file:
        for index, samples in _decode(clips, rate):
            samples = _conditioned(samples, rate, augment)
            file.write(samples.tobytes())
            spans.append((written, written + len(samples), index))
            written += len(samples)
        if not written:
            raise RecipeError(f"none of the {len(clips)} recordings can be read; see the warnings")
    return spans


def _decode(clips: Sequence[Clip], rate: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield clips by index; a packed file is read once for the parts that follow each other."""
    path, samples = None, np.zeros(0, np.int16)
    for index, clip in enumerate(clips):
        if clip.path != path:
            path, samples = clip.path, np.zeros(0, np.int16)
            try:
                samples = _read(clip.path, rate)
            except (AudioError, OSError) as error:
                _log.warning("%s is left out: %s", clip.path, error)
        part = samples[round(clip.start * rate) : clip.end and round(clip.end * rate)]
        if len(part):
            yield index, part
        elif len(samples):
            _log.warning("%s ends before %g s: that part is left out", clip.path, clip.start)


def _conditioned(samples: np.ndarray, rate: int, augment: Augment) -> np.ndarray:
    """Return int16 samples trimmed and at the loudness that `augment` asks for."""
    if augment.trim_db is None and augment.loudness_db is None:
        return samples
    return _to_int16(trim_and_normalise(samples.astype(np.float32) / FULL_SCALE, rate, augment))


def _read(path: Path, rate: int) -> np.ndarray:
    """Return a file mixed to mono at `rate`, as int16; it is read in blocks to save memory."""
    joined = bytearray()
    with AudioReader(path) as reader:
        resampler = Resampler(reader.rate, rate, 1)
        for block in reader.blocks():
            joined += _to_int16(resampler.step(block.mean(axis=0, keepdims=True))).tobytes()
        joined += _to_int16(resampler.finish()).tobytes()
    return np.frombuffer(joined, np.int16)


def _to_int16(samples: np.ndarray) -> np.ndarray:
    rounded: np.ndarray = np.round(np.clip(samples, -1, 1) * FULL_SCALE).astype(np.int16)
    return rounded
